package transport

import (
	"net"
	"path/filepath"
	"strings"
	"testing"
)

func TestAClientAsks(t *testing.T) {
	t.Parallel()
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(t.TempDir(), "s"), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	for _, c := range []struct {
		name, sent string
		asks       bool
	}{
		{"nothing", "", false},
		{"half a request", `{"cmd":`, false},
		{"a request", goodRequest, true},
		{"a request and a line's end", goodRequest + "\r\n", true},
		{"more than a glance holds", strings.Repeat(" ", 5<<10), true},
	} {
		conn := dial(t, listener.Addr().String())
		server, err := listener.AcceptUnix()
		if err != nil {
			t.Fatal(err)
		}
		send(t, conn, c.sent)
		if got := asks(server); got != c.asks {
			t.Errorf("%s: it asks: %t", c.name, got)
		}
		if len(c.sent) > 0 && len(c.sent) < 1<<10 {
			read := make([]byte, len(c.sent))
			if size, err := server.Read(read); err != nil || string(read[:size]) != c.sent {
				t.Errorf("%s: read is %q, %v", c.name, read[:size], err)
			}
			if asks(server) {
				t.Errorf("%s: what was read is still asked", c.name)
			}
		}
		_ = server.Close()
		if asks(server) {
			t.Errorf("%s: one that is gone asks", c.name)
		}
	}
}
