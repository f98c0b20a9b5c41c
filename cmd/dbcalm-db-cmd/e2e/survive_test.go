package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps/testkit"
)

// slowBackup begins a full backup whose tool waits at a gate, and returns the
// operation and the tool's pid. The tool becomes the real one in the same
// process once the gate opens.
func (w *world) slowBackup(id string, g *gate) (operation string, pid int64) {
	w.t.Helper()
	operation = w.full(id)
	w.eventually("the tool is at work", func() bool { return g.reached() && w.toolPID(operation) != 0 })
	return operation, w.toolPID(operation)
}

// toolPID returns the pid of an operation's newest process row, 0 if it has
// none.
func (w *world) toolPID(operation string) int64 {
	w.t.Helper()
	rows := w.show(operation).Processes
	if last := rows[len(rows)-1]; last.PID != nil {
		return *last.PID
	}
	return 0
}

// events lists the events of an operation's transitions.
func events(v api.OperationView) []string {
	var list []string
	for _, tr := range v.Transitions {
		list = append(list, tr.Event)
	}
	return list
}

// TestToolRunsOn ends the daemon in every way while a tool works: the tool
// keeps its pid, the next daemon adopts it, and the attempt stays the same.
func TestToolRunsOn(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*world){
		"killed":  (*world).kill,
		"stopped": (*world).stop,
		"upgraded": func(w *world) {
			w.replaceProgram()
			w.stop()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, worldOptions{})
			g := w.newGate("gate")
			w.useTool(g.wait())
			w.ownProgram()
			w.start()
			operation, pid := w.slowBackup("b", g)
			end(w)
			if err := unix.Kill(int(pid), 0); err != nil {
				t.Fatalf("the tool died with the daemon: %v", err)
			}
			db := w.sqlite()
			if status, _, _ := w.newest(db, operation); status != "running" {
				t.Errorf("clients see %s while the tool runs", status)
			}
			w.start()
			w.eventually("the tool is adopted", func() bool { return slices.Contains(events(w.show(operation)), "adopt") })
			g.open(t)
			v := w.succeeded(operation)
			if v.Attempt != 1 {
				t.Errorf("attempt %d, wanted the first\n%s", v.Attempt, w.story(v))
			}
			if got := w.toolPID(operation); got != pid {
				t.Errorf("the tool's pid is %d, was %d", got, pid)
			}
		})
	}
}

// ownProgram gives the world a copy of the program that it may replace.
func (w *world) ownProgram() {
	w.t.Helper()
	w.copyProgram(w.program, filepath.Join(w.dir, "dbcalm-db-cmd"))
	w.program = filepath.Join(w.dir, "dbcalm-db-cmd")
}

// replaceProgram does to the program's file what an upgrade does.
func (w *world) replaceProgram() {
	w.t.Helper()
	w.copyProgram(w.program, w.program+".new")
	if err := os.Rename(w.program+".new", w.program); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) copyProgram(from, to string) {
	w.t.Helper()
	text, err := os.ReadFile(from)
	if err != nil {
		w.t.Fatal(err)
	}
	testkit.Program(w.t, to, string(text))
}

// TestGivesUpAfterInterruptions kills the tool each time it has begun.
func TestGivesUpAfterInterruptions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	g := w.newGate("gate")
	w.useTool(g.wait())
	w.start()
	operation, last := w.slowBackup("b", g)
	for range 3 {
		if err := unix.Kill(int(last), unix.SIGKILL); err != nil {
			t.Fatal(err)
		}
		w.eventually("the tool is started again", func() bool {
			pid := w.toolPID(operation)
			return pid != 0 && pid != last
		})
		last = w.toolPID(operation)
	}
	if err := unix.Kill(int(last), unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	v := w.failed(operation, "interrupted 4 times in state copy", "SIGKILL", "given up")
	if v.Attempt != 4 {
		t.Errorf("attempt %d, wanted 4", v.Attempt)
	}
	if left := entries(t, w.backupDir); len(left) > 0 {
		t.Errorf("left in the store: %v", left)
	}
	status, failure, _ := w.newest(w.sqlite(), operation)
	if status != "failed" || !strings.Contains(failure, "interrupted 4 times") {
		t.Errorf("clients see %s: %s", status, failure)
	}
	g.open(t)
	decision, err := w.client.Retry(w.ctx(), operation)
	if err != nil {
		t.Fatal(err)
	}
	if decision.Attempt != 5 || decision.State != "queued" || !strings.Contains(decision.Reason, "from the start") {
		t.Errorf("retry answers %+v", decision)
	}
	w.succeeded(operation)
}

// TestCancelRunning cancels a real backup at work: the tool ends, what it has
// copied goes, clients learn why, and asking twice does no harm.
func TestCancelRunning(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	g := w.newGate("gate")
	w.useTool(g.wait())
	w.start()
	operation, pid := w.slowBackup("b", g)
	for range 2 {
		if err := w.client.Cancel(w.ctx(), operation); err != nil {
			t.Fatal(err)
		}
	}
	v := w.ended(operation)
	if v.Status != "cancelled" {
		t.Fatalf("ended %s\n%s", v.Status, w.story(v))
	}
	if err := w.client.Cancel(w.ctx(), operation); err != nil {
		t.Errorf("cancelled already, and asked again: %v", err)
	}
	if unix.Kill(int(pid), 0) == nil {
		t.Error("the tool still runs")
	}
	if left := entries(t, w.backupDir); len(left) > 0 {
		t.Errorf("left in the store: %v", left)
	}
	if status, failure, _ := w.newest(w.sqlite(), operation); status != "failed" || !strings.Contains(failure, "cancelled") {
		t.Errorf("clients see %s: %s", status, failure)
	}
	g.open(t)
	done := w.full("c")
	w.succeeded(done)
	refused(t, w.client.Cancel(w.ctx(), done), 409, "can no longer be cancelled", "done")
}

// TestCancelDuringRecovery asks for a cancel, kills the daemon before it can
// act on it, and starts another one.
func TestCancelDuringRecovery(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	g := w.newGate("gate")
	w.useTool(g.wait())
	w.start()
	operation, pid := w.slowBackup("b", g)
	w.kill()
	// What Cancel commits before it signals anybody.
	if _, err := w.ledger().Exec(`UPDATE operation SET cancel_at = '2026-01-01 00:00:00.000000+00:00' WHERE id = ?`, operation); err != nil {
		t.Fatal(err)
	}
	w.start()
	if v := w.ended(operation); v.Status != "cancelled" || v.Attempt != 1 {
		t.Errorf("ended %s in attempt %d\n%s", v.Status, v.Attempt, w.story(v))
	}
	if unix.Kill(int(pid), 0) == nil {
		t.Error("the tool still runs")
	}
	if left := entries(t, w.backupDir); len(left) > 0 {
		t.Errorf("left in the store: %v", left)
	}
}
