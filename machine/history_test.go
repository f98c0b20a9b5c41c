package machine

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/persistence"
)

// over adds an operation that has ended so, with a log.
func (w *world) over(id, machine, state string, status persistence.Status) {
	w.t.Helper()
	began := time.Now().UTC().Add(-time.Hour)
	o := persistence.Operation{ID: id, Machine: machine, Definition: w.source(machine), State: "queued", Status: persistence.Waiting,
		Seq: 1, Attempt: 1, Args: []byte("{}"), Data: []byte("{}"), CreatedAt: began}
	w.accepts(o, persistence.TypeBackup)
	_, err := w.Apply(w.t.Context(), persistence.Change{OperationID: id, Seq: 1, From: "queued", Event: "ok", To: state, At: began,
		Status: status, Attempt: 1, Data: o.Data})
	if err != nil {
		w.t.Fatal(err)
	}
	w.write(filepath.Join(w.logsOf(id), "2.output.log.zst"), "")
}

func (w *world) logsOf(operation string) string {
	return filepath.Join(w.host.Jobs.StateDir, "logs", operation)
}

// operations lists the ids of all operations, sorted.
func (w *world) operations() string {
	w.t.Helper()
	list, err := w.Manager.Operations(w.t.Context(), api.OperationFilter{Limit: 1000})
	if err != nil {
		w.t.Fatal(err)
	}
	var ids []string
	for _, o := range list {
		ids = append(ids, o.ID)
	}
	slices.Sort(ids)
	return strings.Join(ids, " ")
}

// sweep has a historian sweep that keeps so many of the newest operations.
func (w *world) sweep(newest int) {
	w.t.Helper()
	h := newHistorian(w.Manager.common, w.engine, w.options)
	h.newest = newest
	if err := h.sweep(w.t.Context()); err != nil {
		w.t.Error(err)
	}
}

func TestOldOperationsLeaveTheHistory(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.options.KeepHistory = time.Minute
	w.backup("full", "", 0, 100)
	for _, id := range []string{"a", "b", "c"} {
		w.over(id, "delete_backup", "done", persistence.Succeeded)
	}
	w.over("halted", "restore_folder", "halted", persistence.Failed)
	w.over("failed", "restore_folder", "failed", persistence.Failed)
	w.start()
	w.sweep(keptNewest)
	if left := w.operations(); left != "a b c failed halted made-full" {
		t.Errorf("of less than %d operations are left %s", keptNewest, left)
	}
	w.sweep(0)
	// A retry of the one that has halted would go on in the middle.
	if left := w.operations(); left != "halted made-full" {
		t.Errorf("what is left is %s", left)
	}
	if logs := w.names(filepath.Dir(w.logsOf("a"))); logs != "halted" {
		t.Errorf("the logs that are left are those of %s", logs)
	}
	if _, err := w.Manager.Operation(t.Context(), "a"); api.KindOf(err) != api.NotFound {
		t.Errorf("one that has left: %v", err)
	}
	if backups, err := w.Manager.Backups(t.Context()); err != nil || len(backups) != 1 || backups[0].Problem != "" {
		t.Errorf("the backups are %+v, %v", backups, err)
	}
}

func TestHistoryIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.over("a", "delete_backup", "done", persistence.Succeeded)
	w.start()
	w.sweep(0)
	w.options.KeepHistory = 2 * time.Hour
	w.sweep(0)
	if left := w.operations(); left != "a" {
		t.Errorf("what is left is %s", left)
	}
	w.options.KeepLogs = time.Nanosecond
	w.sweep(0)
	if logs := w.names(filepath.Dir(w.logsOf("a"))); logs != "" {
		t.Errorf("the logs that are left are those of %s", logs)
	}
}

// A daemon that was killed after the rows had gone left the logs behind.
func TestLogsOfForgottenOperationsAreRemovedByTheNextDaemon(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.over("a", "delete_backup", "done", persistence.Succeeded)
	w.over("b", "delete_backup", "done", persistence.Succeeded)
	age := persistence.Age{Before: time.Now()}
	if gone, err := persistence.NewHistory(w.Store).Forget(t.Context(), age, []string{"a"}); err != nil || len(gone) != 1 {
		t.Fatalf("forgot %v, %v", gone, err)
	}
	w.start()
	w.eventually("the logs go", func() bool { return w.names(filepath.Dir(w.logsOf("a"))) == "b" })
}
