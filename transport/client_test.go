package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/transport/client"
	transporttest "dbcalm-db-cmd/transport/testkit"
)

var _ Service = client.Client{}

func TestTheClientMirrorsTheService(t *testing.T) {
	t.Parallel()
	var asked any
	schedule := int64(7)
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	summary := api.OperationSummary{ID: "op", State: "copy", Status: "running", CreatedAt: at, Error: strings.Repeat("x", 10_000)}
	view := api.OperationView{
		OperationSummary: summary,
		Args:             api.Args{ID: "b1"},
		Transitions:      []api.TransitionView{{Seq: 1, To: "copy", At: at}},
		Processes:        []api.ProcessView{{ID: 1, Command: "mariabackup", StartTime: at}},
	}
	decision := api.RetryDecision{State: "copy", Attempt: 2, Reason: "it can"}
	backup := api.BackupView{ID: "b1", ScheduleID: &schedule, StartTime: at, ToLSN: 1 << 63}
	server := start(t, &fakeService{
		fullBackup:        func(_ context.Context, r api.BackupRequest) (string, error) { asked = r; return "1", nil },
		incrementalBackup: func(_ context.Context, r api.BackupRequest) (string, error) { asked = r; return "2", nil },
		restoreBackup:     func(_ context.Context, r api.RestoreRequest) (string, error) { asked = r; return "3", nil },
		deleteBackup:      func(_ context.Context, r api.DeleteRequest) error { asked = r; return nil },
		operations: func(_ context.Context, f api.OperationFilter) ([]api.OperationSummary, error) {
			asked = f
			return []api.OperationSummary{summary}, nil
		},
		operation: func(_ context.Context, id string) (api.OperationView, error) { asked = id; return view, nil },
		cancel:    func(_ context.Context, id string) error { asked = id; return nil },
		retry:     func(_ context.Context, id string) (api.RetryDecision, error) { asked = id; return decision, nil },
		backups: func(context.Context) ([]api.BackupView, error) {
			asked = nil
			return []api.BackupView{backup}, nil
		},
	}, Options{})
	client, ctx := client.Client{Path: server.path}, t.Context()
	check := func(call string, got, want, wantAsked any, err error) {
		t.Helper()
		if err != nil || !reflect.DeepEqual(got, want) || !reflect.DeepEqual(asked, wantAsked) {
			t.Errorf("%s: %v\n  got %+v\n want %+v\nasked %+v\n want %+v", call, err, got, want, asked, wantAsked)
		}
	}
	full := api.BackupRequest{ID: "b1", ScheduleID: &schedule, RequestID: "r1"}
	id, err := client.FullBackup(ctx, full)
	check("FullBackup", id, "1", full, err)
	incremental := api.BackupRequest{ID: "b2", FromBackupID: "b1", RequestID: "r2"}
	id, err = client.IncrementalBackup(ctx, incremental)
	check("IncrementalBackup", id, "2", incremental, err)
	restore := api.RestoreRequest{IDList: []string{"b1", "b2"}, Target: api.TargetFolder, RequestID: "r3"}
	id, err = client.RestoreBackup(ctx, restore)
	check("RestoreBackup", id, "3", restore, err)
	remove := api.DeleteRequest{ID: "b1", RequestID: "r4"}
	check("DeleteBackup", nil, nil, remove, client.DeleteBackup(ctx, remove))
	filter := api.OperationFilter{Limit: 3, State: "copy"}
	operations, err := client.Operations(ctx, filter)
	check("Operations", operations, []api.OperationSummary{summary}, filter, err)
	operation, err := client.Operation(ctx, "op")
	check("Operation", operation, view, "op", err)
	check("Cancel", nil, nil, "op", client.Cancel(ctx, "op"))
	retry, err := client.Retry(ctx, "op")
	check("Retry", retry, decision, "op", err)
	backups, err := client.Backups(ctx)
	check("Backups", backups, []api.BackupView{backup}, nil, err)
}

func TestARefusalIsTyped(t *testing.T) {
	t.Parallel()
	server := start(t, &fakeService{
		cancel: func(context.Context, string) error {
			return &api.Error{Kind: api.Conflict, Message: "it is over"}
		},
	}, Options{})
	err := client.Client{Path: server.path}.Cancel(t.Context(), "op")
	refusal, ok := errors.AsType[*client.Refusal](err)
	if !ok || *refusal != (client.Refusal{Code: 409, Status: "Conflict", Message: "it is over"}) || err.Error() != "it is over" {
		t.Errorf("got %#v", err)
	}
	_, err = client.Client{Path: server.path}.FullBackup(t.Context(), api.BackupRequest{ID: "x", FromBackupID: "y"})
	if textOrEmpty(err) != "unknown argument: from_backup_id" {
		t.Errorf("got %v", err)
	}
	if got := (&client.Refusal{Code: 503, Status: "Service Unavailable"}).Error(); got != "the daemon answered 503 Service Unavailable" {
		t.Errorf("got %s", got)
	}
}

// A daemon that refuses before it has read everything is still heard.
func TestTheClientHearsAnEarlyRefusal(t *testing.T) {
	t.Parallel()
	server := start(t, &fakeService{}, Options{})
	err := client.Client{Path: server.path}.DeleteBackup(t.Context(), api.DeleteRequest{ID: strings.Repeat("x", 3<<20)})
	if textOrEmpty(err) != "request is larger than 1048576 bytes" {
		t.Errorf("got %v", err)
	}
}

func TestNoDaemon(t *testing.T) {
	t.Parallel()
	base := transporttest.Folder(t)
	stale, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(base, "stale")})
	if err != nil {
		t.Fatal(err)
	}
	stale.SetUnlinkOnClose(false)
	_ = stale.Close()
	const advice = "the daemon may not be running: start it, or name the socket it listens on"
	for name, cause := range map[string]string{"missing": "no such file or directory", "stale": "connection refused"} {
		path := filepath.Join(base, name)
		_, err := client.Client{Path: path}.Backups(t.Context())
		gone, ok := errors.AsType[*client.Unreachable](err)
		if want := "connect to the daemon on " + path + ": " + cause + "; " + advice; !ok || gone.Path != path || err.Error() != want {
			t.Errorf("got %v\nwant %s", err, want)
		}
	}
}

func TestTheClientGivesUpWithItsContext(t *testing.T) {
	t.Parallel()
	called := make(chan struct{})
	server := start(t, &fakeService{
		cancel: func(ctx context.Context, _ string) error {
			close(called)
			<-ctx.Done()
			return ctx.Err()
		},
	}, Options{StopTimeout: time.Millisecond})
	ctx, giveUp := context.WithCancel(t.Context())
	result := make(chan error, 1)
	go func() { result <- client.Client{Path: server.path}.Cancel(ctx, "op") }()
	await(t, called)
	giveUp()
	if err := await(t, result); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := (client.Client{Path: server.path}).Cancel(ctx, "op"); !errors.Is(err, context.Canceled) {
		t.Errorf("before connecting: %v", err)
	}
}

// A daemon that dies, or that is none.
func TestAnswersThatAreNone(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]string{
		"":                      "it closed the connection without one; its log may say why",
		"hello":                 "read the answer to operation_cancel: invalid character 'h'",
		`{"code":200,"status":`: "read the answer to operation_cancel: unexpected end of JSON input",
		`{"status":"OK"}`:       "the daemon answered 0 OK",
	} {
		path := filepath.Join(transporttest.Folder(t), "s")
		listener, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		served := make(chan error, 1)
		go func() { served <- answerOnce(listener, answer) }()
		if err := (client.Client{Path: path}).Cancel(t.Context(), "op"); !strings.Contains(textOrEmpty(err), want) {
			t.Errorf("%q: %v", answer, err)
		}
		if err := await(t, served); err != nil {
			t.Error(err)
		}
		_ = listener.Close()
	}
}

func answerOnce(listener net.Listener, answer string) error {
	conn, err := listener.Accept()
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if _, err := readFrame(conn, requestLimit); err != nil {
		return err
	}
	_, err = fmt.Fprint(conn, answer)
	return err
}
