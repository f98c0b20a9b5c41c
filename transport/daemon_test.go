package transport

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"dbcalm-db-cmd/transport/client"
	"dbcalm-db-cmd/transport/wire"
)

func TestDaemonTellsOfItself(t *testing.T) {
	t.Parallel()
	server := start(t, &fakeService{}, Options{Version: "v1.2.3"})
	daemon := client.Client{Path: server.path}
	got, err := daemon.Daemon(t.Context())
	if want := (wire.Daemon{Version: "v1.2.3", PID: os.Getpid(), UID: os.Geteuid()}); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	for request, want := range map[string]string{
		`{"cmd":"daemon_show"}`: fmt.Sprintf(`{"code":200,"status":"OK","version":"v1.2.3","pid":%d,"uid":%d}`,
			os.Getpid(), os.Geteuid()),
		`{"cmd":"daemon_show","args":{"id":"x"}}`: `{"code":400,"status":"Bad Request","message":"unknown argument: id"}`,
	} {
		if got := ask(t, server.path, request); got != want {
			t.Errorf("%s:\n got %s\nwant %s", request, got, want)
		}
	}
	var none *client.Unreachable
	if _, err := (client.Client{Path: server.path + "-none"}).Daemon(t.Context()); !errors.As(err, &none) {
		t.Errorf("no daemon: %v", err)
	}
}
