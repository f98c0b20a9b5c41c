//go:build speed

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"
)

func TestZZ(t *testing.T) {
	table := &speedTable{mebibytes: benchNumber(t, "BENCH_MIB", 512), rounds: benchNumber(t, "BENCH_ROUNDS", 5), load: load(t)}
	s := newSpeed(t, table, "", "")
	fillWithTables(s.db, benchNumber(t, "BENCH_TABLES", 2000))
	s.start()
	perf := func(name string, do func()) {
		c := exec.Command("perf", "record", "-g", "-F", "499", "-p", fmt.Sprint(s.daemon.cmd.Process.Pid), "-o", "/tmp/t-speed/perf."+name)
		c.Start()
		time.Sleep(time.Second)
		do()
		c.Process.Signal(os.Interrupt)
		c.Wait()
	}
	s.clear()
	perf("backup", func() { s.timedBackup() })
	s.operation(func() string { return s.full("full") })
	s.db.Stop()
	s.clear()
	perf("restore", func() { s.restored("full") })
}
