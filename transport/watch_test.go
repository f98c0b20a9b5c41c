package transport

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"dbcalm-db-cmd/machine/api"
	transporttest "dbcalm-db-cmd/transport/testkit"
	"dbcalm-db-cmd/transport/wire"
)

// watched is a service whose operation changes when it is told to.
type watched struct {
	fakeService
	mu   sync.Mutex
	view api.OperationView
	err  error
}

func newWatched() *watched {
	w := &watched{view: api.OperationView{OperationSummary: api.OperationSummary{ID: anOperation, State: "copy", Status: "running"}}}
	w.operation = func(context.Context, string) (api.OperationView, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.view, w.err
	}
	return w
}

func (w *watched) become(change func(*watched)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(w)
}

// watch sends operation_watch and returns the lines that come.
func watch(t *testing.T, path string) (*bufio.Reader, net.Conn) {
	t.Helper()
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(transporttest.Patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(conn, `{"cmd":"operation_watch","args":{"id":%q}}`, anOperation); err != nil {
		t.Fatal(err)
	}
	return bufio.NewReader(conn), conn
}

func nextLine(t *testing.T, lines *bufio.Reader) (view struct {
	Code    int
	State   string
	Status  string
	Message string
}) {
	t.Helper()
	line, err := lines.ReadBytes('\n')
	if err != nil && len(line) == 0 {
		t.Fatal(err)
	}
	if err := json.Unmarshal(line, &view); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return view
}

func TestWatchersGetALineAChange(t *testing.T) {
	t.Parallel()
	service := newWatched()
	r := start(t, service, Options{WatchInterval: time.Millisecond})
	lines, _ := watch(t, r.path)
	if v := nextLine(t, lines); v.Code != wire.CodeOK || v.State != "copy" {
		t.Errorf("first: %+v", v)
	}
	service.become(func(w *watched) { w.view.State = "seal" })
	if v := nextLine(t, lines); v.State != "seal" {
		t.Errorf("after a change: %+v", v)
	}
	now := time.Now()
	service.become(func(w *watched) { w.view.State, w.view.Status, w.view.FinishedAt = "done", "succeeded", &now })
	if v := nextLine(t, lines); v.Status != "succeeded" {
		t.Errorf("at the end: %+v", v)
	}
	if rest, err := lines.ReadString('\n'); rest != "" || err == nil {
		t.Errorf("after the end: %q, %v", rest, err)
	}
}

func TestWatchingAnUnknownOperationIsRefused(t *testing.T) {
	t.Parallel()
	service := newWatched()
	service.err = &api.Error{Kind: api.NotFound, Message: "no such operation"}
	r := start(t, service, Options{})
	lines, _ := watch(t, r.path)
	if v := nextLine(t, lines); v.Code != wire.CodeNotFound || v.Message != "no such operation" {
		t.Errorf("got %+v", v)
	}
}

func TestWatchersAreLimited(t *testing.T) {
	t.Parallel()
	r := start(t, newWatched(), Options{WatchInterval: time.Millisecond, MaxWatches: 1})
	first, conn := watch(t, r.path)
	nextLine(t, first)
	second, _ := watch(t, r.path)
	if v := nextLine(t, second); v.Code != wire.CodeUnavailable || !strings.Contains(v.Message, "try again later") {
		t.Errorf("got %+v", v)
	}
	// Whoever leaves makes room, once that is noticed.
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestWatchEndsWithTheServer(t *testing.T) {
	t.Parallel()
	r := start(t, newWatched(), Options{WatchInterval: time.Millisecond})
	lines, _ := watch(t, r.path)
	nextLine(t, lines)
	r.stop()
	if err := r.wait(t); err != nil {
		t.Error(err)
	}
	if _, err := lines.ReadString('\n'); err == nil {
		t.Error("a line came after the end")
	}
}

// What breaks under way ends the answer: the client asks again and is told.
func TestWatchEndsWithAnError(t *testing.T) {
	t.Parallel()
	service := newWatched()
	r := start(t, service, Options{WatchInterval: time.Millisecond})
	lines, _ := watch(t, r.path)
	nextLine(t, lines)
	service.become(func(w *watched) { w.err = errors.New("the disk is gone") })
	if _, err := lines.ReadString('\n'); err == nil {
		t.Error("a line came after the error")
	}
}

// A watcher that does not read gives its place to one that does; one that reads
// stays.
func TestWatchersWhoDoNotReadGo(t *testing.T) {
	t.Parallel()
	service := newWatched()
	service.view.Error = strings.Repeat("x", 8<<10)
	r := start(t, service, Options{WatchInterval: time.Millisecond, MaxWatches: 2})
	attentive, _ := watch(t, r.path)
	nextLine(t, attentive)
	_, _ = watch(t, r.path)
	crowded(t, r.server.watches, 2)
	for deadline := time.Now().Add(transporttest.Patience); ; {
		next, conn := watch(t, r.path)
		v := nextLine(t, next)
		if v.Code == wire.CodeOK {
			break
		}
		if v.Code != wire.CodeUnavailable || time.Now().After(deadline) {
			t.Fatalf("got %+v", v)
		}
		_ = conn.Close()
	}
	service.become(func(w *watched) { w.view.State = "seal" })
	if v := nextLine(t, attentive); v.State != "seal" {
		t.Errorf("the one who reads got %+v", v)
	}
}

// What tools have printed goes out with nothing in it that steers a terminal.
func TestAnswersHoldNoControlCharacters(t *testing.T) {
	t.Parallel()
	const evil, shown = "\x1b[2J\u202e\u009b\r", `\\x1b[2J\\u202e\\u009b\\r`
	server := start(t, &fakeService{
		operation: func(context.Context, string) (api.OperationView, error) {
			return api.OperationView{OperationSummary: api.OperationSummary{Error: evil, AskedBy: &api.Asker{Program: evil}},
				Processes: []api.ProcessView{{Output: evil, Command: evil}}}, nil
		},
		backups: func(context.Context) ([]api.BackupView, error) { return nil, errors.New(evil) },
		logs: func(_ context.Context, _ string, _ bool, each func(api.LogChunk) error) error {
			return each(api.LogChunk{Text: evil})
		},
		deleteBackup: func(context.Context, api.DeleteRequest) error {
			return &api.Error{Kind: api.Conflict, Message: "no: " + evil}
		},
	}, Options{})
	for request, want := range map[string]int{
		`{"cmd":"operation_show","args":{"id":"x"}}`: 4, `{"cmd":"operation_logs","args":{"id":"x"}}`: 1,
		`{"cmd":"delete_backup","args":{"id":"x"}}`: 1,
	} {
		got := ask(t, server.path, request)
		if strings.Count(got, shown) != want || strings.ContainsAny(got, "\u202e\u009b") || strings.Contains(got, `\u001b`) {
			t.Errorf("%s: got %q, want %s %d times", request, got, shown, want)
		}
	}
}
