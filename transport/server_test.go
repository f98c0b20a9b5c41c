package transport

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps/printable"
	"dbcalm-db-cmd/transport/access"
	transporttest "dbcalm-db-cmd/transport/testkit"
)

func TestOneLogLineACommand(t *testing.T) {
	t.Parallel()
	server := start(t, &fakeService{
		deleteBackup: func(context.Context, api.DeleteRequest) error {
			return &api.Error{Kind: api.Internal, Message: "cannot delete", Err: errors.New("the cause")}
		},
		cancel: func(context.Context, string) error {
			return &api.Error{Kind: api.NotFound, Message: "no such operation"}
		},
	}, Options{})
	for request, want := range map[string]map[string]any{
		goodRequest: {"level": "info", "command": "full_backup", "code": 202.0, "operation": anOperation},
		`{"cmd":"delete_backup","args":{"id":"private"}}`: {"level": "error", "command": "delete_backup", "code": 500.0,
			"reason": "cannot delete", "error": "the cause"},
		`{"cmd":"operation_cancel","args":{"id":"op-1"}}`: {"level": "warn", "command": "operation_cancel", "code": 404.0,
			"operation": "op-1", "reason": "no such operation"},
		`{"cmd":"operation_list","args":{"limit":3,"state":"private"}}`: {"level": "debug", "command": "operation_list", "code": 200.0},
		`{"cmd":"full_backup","args":{"id":"b1","schedule_id":"private"}}`: {"level": "warn", "command": "full_backup", "code": 400.0,
			"reason": "argument schedule_id: want an integer, got text"},
	} {
		ask(t, server.path, request)
		line := server.line(t, "command answered")
		own, program := api.Asker{UID: uint32(os.Getuid()), Name: nameOf(ownUID()), PID: int32(os.Getpid())}, ownProgram(t)
		want["peer_user"], want["peer_program"] = own.Name, program
		want["peer_pid"], want["peer_uid"] = float64(os.Getpid()), float64(os.Getuid())
		want["message"], want["duration_ms"] = "command answered", line["duration_ms"]
		if _, measured := line["duration_ms"].(float64); !measured {
			t.Errorf("%s: duration %v", request, line["duration_ms"])
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
		backups: func(context.Context) ([]api.BackupView, error) {
			return []api.BackupView{{Problem: strings.Repeat("x", 8<<20)}}, nil
		},
	}, Options{AnswerTimeout: 20 * time.Millisecond, MaxConnections: 1})
	send(t, dial(t, server.path), `{"cmd":"backup_list"}`)
	if line := server.line(t, "command answered"); line["answer_error"] == nil || line["code"] != 200.0 {
		t.Errorf("log line: %v", line)
	}
	// The only slot is free again although the client is still there.
	if got := ask(t, server.path, goodRequest); got != goodAnswer {
		t.Errorf("got %s", got)
	}
}

// When there is no room, who has been idle longest goes, and is told so.
func TestTheIdlestMakesRoom(t *testing.T) {
	t.Parallel()
	server := start(t, &fakeService{}, Options{MaxConnections: 2})
	first := dial(t, server.path)
	crowded(t, server.server.clients, 1)
	second := dial(t, server.path)
	send(t, second, goodRequest[:20])
	crowded(t, server.server.clients, 2)
	if got := ask(t, server.path, goodRequest); got != goodAnswer {
		t.Errorf("got %s", got)
	}
	const evicted = `{"code":503,"status":"Service Unavailable","message":"the daemon needs this connection for others: ` +
		`send the whole request at once"}`
	if got := readAll(t, first); got != evicted {
		t.Errorf("the idlest is told %s", got)
	}
	send(t, second, goodRequest[20:])
	if got := readAll(t, second); got != goodAnswer {
		t.Errorf("the other one got %s", got)
	}
}

// crowded waits until so many have a place.
func crowded(t *testing.T, g *access.Gate, want int) {
	t.Helper()
	ticks := time.NewTicker(time.Millisecond)
	defer ticks.Stop()
	for limit := time.After(transporttest.Patience); ; {
		got := g.Taken()
		if got == want {
			return
		}
		select {
		case <-ticks.C:
		case <-limit:
			t.Fatalf("%d have a place, want %d", got, want)
		}
	}
}

// Nobody who is being worked for has to go; who finds no room is told so.
func TestNobodyGoesWhoIsBeingWorkedFor(t *testing.T) {
	t.Parallel()
	called, finish := make(chan struct{}), make(chan struct{})
	server := start(t, &fakeService{
		fullBackup: func(context.Context, api.BackupRequest) (string, error) {
			close(called)
			<-finish
			return anOperation, nil
		},
	}, Options{MaxConnections: 1})
	working := dial(t, server.path)
	send(t, working, goodRequest)
	await(t, called)
	const crowded = `{"code":503,"status":"Service Unavailable","message":"the daemon has as many connections as it can serve: ` +
		`try again later, or close those that wait for nothing"}`
	if got := ask(t, server.path, goodRequest); got != crowded {
		t.Errorf("got %s", got)
	}
	close(finish)
	if got := readAll(t, working); got != goodAnswer {
		t.Errorf("got %s", got)
	}
}

func ownProgram(t *testing.T) string {
	t.Helper()
	path, err := os.Readlink("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	return printable.Shorten(path, echoLimit)
}

const stoppingAnswer = `{"code":503,"status":"Service Unavailable","message":"the daemon is stopping; ` +
	`send the command again when it is back"}`

func TestStoppingFinishesWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	called, finish := make(chan struct{}), make(chan struct{})
	server := start(t, &fakeService{
		fullBackup: func(ctx context.Context, _ api.BackupRequest) (string, error) {
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
	await(t, called)
	server.stop()

	if got := readAll(t, incomplete); got != stoppingAnswer {
		t.Errorf("an incomplete request is answered %s", got)
	}
	if got := readAll(t, idle); got != stoppingAnswer {
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
		fullBackup: func(ctx context.Context, _ api.BackupRequest) (string, error) {
			close(called)
			<-ctx.Done()
			return "", ctx.Err()
		},
	}, Options{StopTimeout: 10 * time.Millisecond})
	conn := dial(t, server.path)
	send(t, conn, goodRequest)
	await(t, called)
	server.stop()
	if err := server.wait(t); err != nil {
		t.Error(err)
	}
	if got := readAll(t, conn); got != stoppingAnswer {
		t.Errorf("got %s", got)
	}
}

// The client's going away does not take the call with it.
func TestAnAcceptedCommandOutlivesItsClient(t *testing.T) {
	t.Parallel()
	called, gone, after := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	server := start(t, &fakeService{
		fullBackup: func(ctx context.Context, _ api.BackupRequest) (string, error) {
			close(called)
			<-gone
			after <- ctx.Err()
			return anOperation, nil
		},
	}, Options{})
	conn := dial(t, server.path)
	send(t, conn, goodRequest)
	await(t, called)
	_ = conn.Close()
	close(gone)
	if err := await(t, after); err != nil {
		t.Errorf("the call's context: %v", err)
	}
	if line := server.line(t, "command answered"); line["code"] != 202.0 {
		t.Errorf("log line: %v", line)
	}
}
