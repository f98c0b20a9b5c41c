package e2e

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/machine/api"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// slowUnpacking begins a restore to the data directory of a stream whose
// unpacker waits at a gate, half-way.
func slowUnpacking(t *testing.T) (w *world, g *gate, operation string, want map[string]string) {
	w = newWorld(t, worldOptions{})
	g = w.newGate("gate")
	w.useTool("")
	w.useUnpacker(`mkdir "$target/half"; : >"$target/half/unpacked"; ` + g.wait() + `; rm -r "$target/half"`)
	w.configureForm("zstd stream")
	w.start()
	mariadbtest.FillTables(t, w.db.DB(), 3, 60)
	want = mariadbtest.Fingerprint(t, w.db.DB())
	w.succeeded(w.full("full"))
	w.db.Stop()
	w.loseData()
	operation = w.restore(api.TargetDatabase, "full")
	w.eventually("the unpacker is at work", func() bool { return g.reached() && w.toolPID(operation) != 0 })
	return w, g, operation, want
}

// anew waits until another unpacker than the one of this pid is at work.
func (w *world) anew(operation string, last int64) int64 {
	w.t.Helper()
	w.eventually("the unpacker is started again", func() bool {
		pid := w.toolPID(operation)
		return pid != 0 && pid != last
	})
	return w.toolPID(operation)
}

// TestUnpackingSurvives ends the unpacker, the supervisor, the daemon, and the last
// two at once while a stream is unpacked.
func TestUnpackingSurvives(t *testing.T) {
	t.Parallel()
	w, g, operation, want := slowUnpacking(t)
	supervisor := func() int {
		for _, p := range w.processes() {
			if p.supervisor() {
				return p.pid
			}
		}
		t.Fatal("no supervisor")
		return 0
	}
	pid := w.toolPID(operation)
	if err := unix.Kill(int(pid), unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	pid = w.anew(operation, pid)
	if err := unix.Kill(supervisor(), unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	pid = w.anew(operation, pid)
	w.kill()
	w.start()
	w.eventually("the unpacker is adopted", func() bool { return slices.Contains(events(w.show(operation)), "adopt") })
	// Only the daemon that has staged it knows whether a stage is on the disk.
	w.kill()
	if err := unix.Kill(supervisor(), unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	w.start()
	w.anew(operation, pid)
	g.open(t)
	v := w.succeeded(operation)
	if got := strings.Join(events(v), " "); !strings.Contains(got, "unpack redo redo adopt redo rewind unpack ok ok") || v.Attempt != 5 {
		t.Errorf("attempt %d:\n%s", v.Attempt, w.story(v))
	}
	w.db.Start()
	w.holds(want)
}

// TestCancelUnpacking leaves the data directory as it was.
func TestCancelUnpacking(t *testing.T) {
	t.Parallel()
	w, g, operation, _ := slowUnpacking(t)
	pid := w.toolPID(operation)
	if err := w.client.Cancel(w.ctx(), operation); err != nil {
		t.Fatal(err)
	}
	if v := w.ended(operation); v.Status != "cancelled" {
		t.Errorf("ended %s\n%s", v.Status, w.story(v))
	}
	if unix.Kill(int(pid), 0) == nil {
		t.Error("the unpacker still runs")
	}
	if left := entries(t, w.db.DataDir); len(left) > 0 {
		t.Errorf("in the data directory: %v", left)
	}
	for _, name := range entries(t, filepath.Dir(w.db.DataDir)) {
		if strings.Contains(name, ".dbcalm-") {
			t.Errorf("stage left: %s", name)
		}
	}
	g.open(t)
	w.succeeded(w.restore(api.TargetDatabase, "full"))
}
