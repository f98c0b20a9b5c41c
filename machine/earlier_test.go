package machine

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dbcalm-db-cmd/machine/definition"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/testkit"
)

// earlier loads a database that the program of commit 8183862 left when it was
// killed: it called a backup's first state after validate "prepare", not
// "reserve", and a restore's last before record "copy", not "place". The files
// are what sqlite3's .dump wrote, with the world's folder as @DIR@: of
// operations that were killed with their tools at work or between a state's work
// and its record.
func earlier(t *testing.T, name string) func(*steps.Settings) {
	return func(s *steps.Settings) {
		t.Helper()
		dir := filepath.Dir(s.BackupDir)
		text, err := os.ReadFile(filepath.Join("testdata", "earlier", name+".sql"))
		if err != nil {
			t.Fatal(err)
		}
		db, err := sql.Open("sqlite", filepath.Join(dir, "db.sqlite3"))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if _, err := db.ExecContext(t.Context(), strings.ReplaceAll(string(text), "@DIR@", dir)); err != nil {
			t.Fatal(err)
		}
	}
}

// openOperation returns the id of the open operation of a machine and a backup.
func (w *world) openOperation(machine, backup string) string {
	w.t.Helper()
	list, err := w.OpenOperations(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, o := range list {
		if o.Machine == machine && o.BackupID == backup {
			return o.ID
		}
	}
	w.t.Fatalf("no open operation %s of %s", machine, backup)
	return ""
}

// withoutServer lets backups pass whose server is not there any more.
func (w *world) withoutServer() {
	pass := func(_ context.Context, t steps.Task) (steps.Outcome, error) {
		return steps.Outcome{Event: steps.EventOK, Reason: "done", Data: t.Data}, nil
	}
	for _, name := range []string{"seal_backup", "publish_backup"} {
		step := w.host.Steps()[name]
		step.Run = pass
		w.replace[name] = step
	}
	reserve := w.host.Steps()["reserve_work"]
	w.replace["reserve_work"] = steps.Step{Outcomes: reserve.Outcomes, Run: func(ctx context.Context, t steps.Task) (steps.Outcome, error) {
		// There is nobody to be asked what the server has.
		was := t.Data.Server
		t.Data.Server = nil
		outcome, err := reserve.Run(ctx, t)
		outcome.Data.Server = was
		return outcome, err
	}}
	w.replace["copy_backup"] = steps.Step{
		Job: func(_ context.Context, t steps.Task) (job.Spec, error) {
			return job.Spec{Path: "/bin/true", Dir: t.Data.Work, Output: "/"}, nil
		},
		Finish: func(ctx context.Context, t steps.Task, _ job.Result) (steps.Outcome, error) { return pass(ctx, t) },
	}
	w.replace["record_backup"] = steps.Step{Run: func(_ context.Context, t steps.Task) (steps.Outcome, error) {
		return steps.Outcome{Event: steps.EventOK, Data: t.Data, Backup: &persistence.Backup{ID: t.Args.ID, StartTime: t.CreatedAt}}, nil
	}}
}

// Operations that an earlier program began go on with the states and steps that
// they began with, and end; what begins now has the names of now.
func TestOperationsOfAnEarlierProgramEnd(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	w := newWorld(t, earlier(t, "interrupted"))
	w.write(filepath.Join(w.dir, "fake-mariadb-backup"), fakeTool)
	w.files("base", "", 0, 100)
	w.withoutServer()
	want := map[string]string{
		w.openOperation("full_backup", "copying"):   "ok>prepare ok>copy rewind>prepare ok>copy ok>seal ok>publish ok>record ok>done",
		w.openOperation("full_backup", "reserving"): "start>validate ok>prepare redo>prepare ok>copy ok>seal ok>publish ok>record ok>done",
		w.openOperation("restore_folder", "base"):   "ok>stage ok>prepare rewind>stage ok>prepare ok>arrange ok>copy ok>record ok>done",
	}
	w.start()
	for id, path := range want {
		v := w.ends(id, persistence.Succeeded)
		if !strings.HasSuffix(events(v), path) {
			t.Errorf("%s: transitions are %s, want %s in the end", v.Machine, events(v), path)
		}
		path := definition.Path{At: v.State}
		for _, t := range v.Transitions {
			path.Passages = append(path.Passages, definition.Passage{From: t.From, To: t.To, At: t.At})
		}
		if _, err := definition.Draw(v.Definition, path, "svg"); err != nil {
			t.Errorf("%s cannot be drawn: %v", v.Machine, err)
		}
	}
	for _, id := range []string{"copying", "reserving"} {
		if b, err := w.Store.Backup(t.Context(), id); err != nil || b.ID != id {
			t.Errorf("backup %s: %+v, %v", id, b, err)
		}
	}
	if v := w.ends(w.restore("base"), persistence.Succeeded); !strings.Contains(events(v), "ok>arrange ok>place ok>record") {
		t.Errorf("what begins now: %s", events(v))
	}
}

// The renames of an earlier program's restore are carried on.
func TestRestoreThatAnEarlierProgramWasPlacing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, earlier(t, "placing"))
	id := w.openOperation("restore_folder", "base")
	w.write(filepath.Join(w.host.Store.StageFolder(id), "0", "ibdata1"), "prepared")
	w.start()
	v := w.ends(id, persistence.Succeeded)
	if want := "ok>arrange ok>copy redo>copy ok>record ok>done"; !strings.HasSuffix(events(v), want) {
		t.Errorf("transitions are %s, want %s in the end", events(v), want)
	}
	if text, err := os.ReadFile(filepath.Join(v.Args.TmpDir, "base", "ibdata1")); err != nil || string(text) != "prepared" {
		t.Errorf("what was restored: %q, %v", text, err)
	}
	var restored int
	err := w.outsider().QueryRowContext(t.Context(), `SELECT count(*) FROM restore WHERE backup_id = 'base'`).Scan(&restored)
	if err != nil || restored != 1 {
		t.Errorf("%d rows tell of it, %v", restored, err)
	}
	if _, err := w.Manager.Backups(t.Context()); err != nil {
		t.Error(err)
	}
	if at, err := w.RestoredSince(t.Context(), persistence.Backup{}); err != nil || !at.Equal(time.Time{}) {
		t.Errorf("a restore to a folder replaced the data directory at %s, %v", at, err)
	}
}
