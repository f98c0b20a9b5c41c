package transport

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"dbcalm-db-cmd/machine"
)

func TestOneLogLineACommand(t *testing.T) {
	t.Parallel()
	server := start(t, &fakeService{
		deleteBackup: func(context.Context, machine.DeleteRequest) error {
			return &machine.Error{Kind: machine.Internal, Message: "cannot delete", Err: errors.New("the cause")}
		},
		cancel: func(context.Context, string) error {
			return &machine.Error{Kind: machine.NotFound, Message: "no such operation"}
		},
	}, Options{})
	for request, want := range map[string]map[string]any{
		goodRequest: {"level": "info", keyCommand: "full_backup", keyCode: 202.0, keyOperation: anOperation},
		`{"cmd":"delete_backup","args":{"id":"private"}}`:                  {"level": "error", keyCommand: "delete_backup", keyCode: 500.0, keyReason: "cannot delete", "error": "the cause"},
		`{"cmd":"operation_cancel","args":{"id":"op-1"}}`:                  {"level": "warn", keyCommand: "operation_cancel", keyCode: 404.0, keyOperation: "op-1", keyReason: "no such operation"},
		`{"cmd":"operation_list","args":{"limit":3,"state":"private"}}`:    {"level": "debug", keyCommand: "operation_list", keyCode: 200.0},
		`{"cmd":"full_backup","args":{"id":"b1","schedule_id":"private"}}`: {"level": "warn", keyCommand: "full_backup", keyCode: 400.0, keyReason: "argument schedule_id: want an integer, got text"},
	} {
		ask(t, server.path, request)
		line := server.line(t, "command answered")
		want[keyPeerPID], want[keyPeerUID] = float64(os.Getpid()), float64(os.Getuid())
		want["message"], want[keyDuration] = "command answered", line[keyDuration]
		if _, measured := line[keyDuration].(float64); !measured {
			t.Errorf("%s: duration %v", request, line[keyDuration])
		}
		if len(line) != len(want) {
			t.Errorf("%s\n got %v\nwant %v", request, line, want)
		}
		for key, value := range want {
			if line[key] != value {
				t.Errorf("%s: %s is %v, want %v", request, key, line[key], value)
			}
		}
	}
}

func TestAClientThatNeverReads(t *testing.T) {
	t.Parallel()
	server := start(t, &fakeService{
		backups: func(context.Context) ([]machine.BackupView, error) {
			return []machine.BackupView{{Problem: strings.Repeat("x", 8<<20)}}, nil
		},
	}, Options{AnswerTimeout: 20 * time.Millisecond, MaxConnections: 1})
	send(t, dial(t, server.path), `{"cmd":"backup_list"}`)
	if line := server.line(t, "command answered"); line[keyAnswerError] == nil || line[keyCode] != 200.0 {
		t.Errorf("log line: %v", line)
	}
	// The only slot is free again although the client is still there.
	if got := ask(t, server.path, goodRequest); got != goodAnswer {
		t.Errorf("got %s", got)
	}
}

func TestConnectionsBeyondTheLimitWait(t *testing.T) {
	t.Parallel()
	server := start(t, &fakeService{}, Options{MaxConnections: 2})
	first, second := dial(t, server.path), dial(t, server.path)
	waiting := dial(t, server.path)
	send(t, waiting, goodRequest)
	expectSilence(t, waiting)
	_ = first.Close()
	if got := readAll(t, waiting); got != goodAnswer {
		t.Errorf("got %s", got)
	}
	send(t, second, goodRequest)
	if got := readAll(t, second); got != goodAnswer {
		t.Errorf("got %s", got)
	}
}

func TestStoppingFinishesWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	called, finish := make(chan struct{}), make(chan struct{})
	server := start(t, &fakeService{
		fullBackup: func(ctx context.Context, _ machine.BackupRequest) (string, error) {
			close(called)
			<-finish
			return anOperation, ctx.Err()
		},
	}, Options{})
	incomplete, idle, underWay := dial(t, server.path), dial(t, server.path), dial(t, server.path)
	send(t, incomplete, `{"cmd":`)
	// The connections are accepted in order: the last one's call tells that
	// the others are being served.
	send(t, underWay, goodRequest)
	<-called
	server.stop()

	const stopping = `{"code":503,"status":"Service Unavailable","message":"the daemon is stopping; send the command again when it is back"}`
	if got := readAll(t, incomplete); got != stopping {
		t.Errorf("an incomplete request is answered %s", got)
	}
	if got := readAll(t, idle); got != stopping {
		t.Errorf("an idle client is answered %s", got)
	}
	select {
	case err := <-server.ended:
		t.Fatalf("Serve returned %v before the call under way", err)
	default:
	}
	close(finish)
	if got := readAll(t, underWay); got != goodAnswer {
		t.Errorf("the call under way is answered %s", got)
	}
	if err := server.wait(t); err != nil {
		t.Error(err)
	}
}

func TestStoppingIsBounded(t *testing.T) {
	t.Parallel()
	called := make(chan struct{})
	server := start(t, &fakeService{
		fullBackup: func(ctx context.Context, _ machine.BackupRequest) (string, error) {
			close(called)
			<-ctx.Done()
			return "", ctx.Err()
		},
	}, Options{StopTimeout: 10 * time.Millisecond})
	conn := dial(t, server.path)
	send(t, conn, goodRequest)
	<-called
	server.stop()
	if err := server.wait(t); err != nil {
		t.Error(err)
	}
	const want = `{"code":503,"status":"Service Unavailable","message":"the daemon is stopping; send the command again when it is back"}`
	if got := readAll(t, conn); got != want {
		t.Errorf("got %s", got)
	}
}

// The client's going away does not take the call with it.
func TestAnAcceptedCommandOutlivesItsClient(t *testing.T) {
	t.Parallel()
	called, gone, after := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	server := start(t, &fakeService{
		fullBackup: func(ctx context.Context, _ machine.BackupRequest) (string, error) {
			close(called)
			<-gone
			after <- ctx.Err()
			return anOperation, nil
		},
	}, Options{})
	conn := dial(t, server.path)
	send(t, conn, goodRequest)
	<-called
	_ = conn.Close()
	close(gone)
	if err := <-after; err != nil {
		t.Errorf("the call's context: %v", err)
	}
	if line := server.line(t, "command answered"); line[keyCode] != 202.0 {
		t.Errorf("log line: %v", line)
	}
}
