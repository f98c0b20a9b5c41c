package machine

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/testkit"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	w := newWorld(t)
	if err := os.Remove(w.host.Store.BackupDir); err != nil {
		t.Fatal(err)
	}
	w.start()
	expect := func(when string, status string, problems map[string]string) {
		t.Helper()
		h := w.Health(t.Context())
		for check, verdict := range h.Checks {
			if want := problems[check]; want == "" && verdict != api.HealthOK || !strings.Contains(verdict, want) {
				t.Errorf("%s: %s is %q, want %q in it", when, check, verdict, want)
			}
		}
		if h.Status != status || len(h.Checks) != 2 {
			t.Errorf("%s: %+v", when, h)
		}
	}
	expect("before the first backup", api.HealthOK, nil)
	w.backup("full", "", 0, 100)
	expect("with a backup", api.HealthOK, nil)
	if h := w.Health(t.Context()); h.LastError != nil {
		t.Errorf("last error: %+v", h.LastError)
	}

	other := w.outsider()
	w.exec(other, `BEGIN IMMEDIATE`)
	expect("locked", api.HealthFailing, map[string]string{"database": "another program holds a lock on it"})
	w.exec(other, `ROLLBACK`)
	away := w.host.Store.BackupDir + ".away"
	if err := os.Rename(w.host.Store.BackupDir, away); err != nil {
		t.Fatal(err)
	}
	expect("without its disk", api.HealthFailing,
		map[string]string{"backup_dir": "is missing, and 1 backups are recorded: is its disk mounted?"})
	if err := os.Mkdir(w.host.Store.BackupDir, 0o700); err != nil {
		t.Fatal(err)
	}
	expect("with another disk", api.HealthFailing,
		map[string]string{"backup_dir": "holds none of the 1 backups that are recorded: is its disk mounted?"})
	if err := os.Remove(w.host.Store.BackupDir); err != nil {
		t.Fatal(err)
	}
	w.write(w.host.Store.BackupDir, "")
	expect("with a file in its place", api.HealthFailing,
		map[string]string{"backup_dir": "is no folder: move away what is there, or correct backup_dir"})
	if err := os.Remove(w.host.Store.BackupDir); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(away, w.host.Store.BackupDir); err != nil {
		t.Fatal(err)
	}

	w.closeGate()
	id := w.restore("full")
	w.works(id, "prepare")
	w.pass("fail")
	v := w.ends(id, persistence.Failed)
	expect("after a failure", api.HealthOK, nil)
	want := &api.LastError{Operation: id, Machine: "restore_folder", Backup: "full", State: "prepare", At: *v.FinishedAt, Error: v.Error}
	if h := w.Health(t.Context()); !reflect.DeepEqual(h.LastError, want) {
		t.Errorf("last error %+v, want %+v", h.LastError, want)
	}
}
