package e2e

import (
	"fmt"
	"net"
	"path/filepath"
	"testing"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps/testkit"
)

// TestFewDescriptors lets a daemon that may open 64 files at once take a backup
// and restore it, while more clients than it can serve do nothing but be there.
func TestFewDescriptors(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{config: map[string]string{"metrics_listen": "METRICS"}})
	w.configure("metrics_listen", w.dir+"/m")
	w.program = testkit.Program(t, filepath.Join(w.dir, "limited"), fmt.Sprintf("#!/bin/sh\nulimit -n 64\nexec %s \"$@\"\n", w.program))
	w.start()
	for range 200 {
		for _, path := range []string{w.socket, w.dir + "/m"} {
			conn, err := net.Dial("unix", path)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = conn.Close() })
		}
	}
	// As long as the crowd is pressing in, whoever comes may be told to come again.
	w.eventually("the crowd has settled", func() bool {
		_, err := w.client.Operations(w.ctx(), api.OperationFilter{Limit: 1})
		return err == nil
	})
	w.succeeded(w.full("b"))
	w.succeeded(w.incremental("i", "b"))
	w.succeeded(w.restore(api.TargetFolder, "b", "i"))
	w.stop()
}
