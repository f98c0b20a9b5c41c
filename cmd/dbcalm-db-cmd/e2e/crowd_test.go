package e2e

import (
	"net"
	"strings"
	"testing"

	"dbcalm-db-cmd/machine/api"
)

// TestWatchdogLivesInACrowd has a thousand clients connect and say nothing, or
// half of something: systemd goes on being told that the daemon is well, and a
// backup is taken.
func TestWatchdogLivesInACrowd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	told := w.listenAsSystemd()
	w.env = append(w.env, "WATCHDOG_USEC=9000000")
	w.launch()
	told("READY=1")
	for i := range 1000 {
		conn, err := net.Dial("unix", w.socket)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		if i%2 == 0 {
			if _, err := conn.Write([]byte(`{"cmd":`)); err != nil {
				t.Fatal(err)
			}
		}
	}
	told("WATCHDOG=1")
	told("WATCHDOG=1")
	w.succeeded(w.full("b"))
	told("WATCHDOG=1")
	if _, err := w.client.Operations(w.ctx(), api.OperationFilter{}); err != nil {
		t.Error(err)
	}
	if log := w.daemonLog(); strings.Contains(log, "not healthy") {
		t.Error(log)
	}
	w.stop()
}
