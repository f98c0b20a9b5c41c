package machine

import (
	"os"
	"testing"
	"time"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps"
)

// removeFolder removes a backup as other programs do, whose second step, to remove
// its record, has failed.
func (w *world) removeFolder(id string) {
	w.t.Helper()
	if err := os.RemoveAll(w.host.Store.Folder(id)); err != nil {
		w.t.Fatal(err)
	}
}

// goneWorld has a full backup, an incremental on it, and another full one.
func goneWorld(t *testing.T, settings ...func(*steps.Settings)) *world {
	w := newWorld(t, settings...)
	for _, link := range [][2]string{{"full", ""}, {"inc", "full"}, {"kept", ""}} {
		w.backup(link[0], link[1], 0, 0)
	}
	return w
}

func TestRecordWithoutAFolderIsNoBackup(t *testing.T) {
	t.Parallel()
	w := goneWorld(t)
	w.start()
	w.removeFolder("inc")
	_, err := w.RestoreBackup(t.Context(), api.RestoreRequest{IDList: []string{"full", "inc"}, Target: "folder"})
	refusal(t, err, api.NotFound, "Backup with id 'inc' not found: its record is there, its folder "+w.host.Store.Folder("inc")+" is gone",
		"dbcalm-db-cmd backups rebuild --prune removes the record")
	_, err = w.IncrementalBackup(t.Context(), api.BackupRequest{ID: "next", FromBackupID: "inc"})
	refusal(t, err, api.NotFound, "Base backup with id 'inc' not found: its record is there")
	_, err = w.PlanBackup(t.Context(), api.BackupRequest{ID: "next", FromBackupID: "inc"})
	refusal(t, err, api.NotFound, "Base backup with id 'inc' not found")
	_, err = w.VerifyBackup(t.Context(), api.VerifyRequest{ID: "inc"})
	refusal(t, err, api.NotFound, "Backup with id 'inc' not found")
}

// Of a store that is not mounted nothing is known: no record is given up, and
// nothing said to be gone.
func TestStoreThatIsAwayTakesNoBackupWithIt(t *testing.T) {
	t.Parallel()
	w := goneWorld(t)
	w.start()
	if err := os.Rename(w.host.Store.BackupDir, w.host.Store.BackupDir+"-away"); err != nil {
		t.Fatal(err)
	}
	for _, empty := range []bool{false, true} {
		if empty {
			if err := os.Mkdir(w.host.Store.BackupDir, 0o750); err != nil {
				t.Fatal(err)
			}
		}
		const away = "is not in backup_dir "
		_, err := w.RestoreBackup(t.Context(), api.RestoreRequest{IDList: []string{"full", "inc"}, Target: "folder"})
		refusal(t, err, api.Unavailable, "the folder of backup 'full' "+away+w.host.Store.BackupDir, "mount its disk", "backups delete ID")
		_, err = w.VerifyBackup(t.Context(), api.VerifyRequest{ID: "inc"})
		refusal(t, err, api.Unavailable, away)
		_, err = w.FullBackup(t.Context(), api.BackupRequest{ID: "full"})
		refusal(t, err, api.Unavailable, away)
		_, err = w.IncrementalBackup(t.Context(), api.BackupRequest{ID: "next", FromBackupID: "inc"})
		refusal(t, err, api.Unavailable, away)
	}
	if list, err := w.Store.Backups(t.Context()); err != nil || len(list) != 3 {
		t.Errorf("%+v, %v", list, err)
	}
}

// The only backup of a store is gone: that this is the very store it was recorded
// in tells it from an empty mount point.
func TestOnlyBackupOfAStoreIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.files("only", "", 0, 0)
	if w.host.Store.Identity() == "" {
		t.Fatal("the file system of the tests does not tell when a folder was made")
	}
	w.record(persistence.Backup{ID: "only", StartTime: time.Now().UTC(), Store: w.host.Store.Identity()})
	w.start()
	w.removeFolder("only")
	_, err := w.VerifyBackup(t.Context(), api.VerifyRequest{ID: "only"})
	refusal(t, err, api.NotFound, "Backup with id 'only' not found")
	if err := w.backups.ForgetGone(t.Context(), "only"); err != nil {
		t.Fatal(err)
	}
	if list, err := w.Store.Backups(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
}

// An id is free when its folder is gone, unless something stands on it that is
// there.
func TestIDOfABackupThatIsGoneIsFree(t *testing.T) {
	t.Parallel()
	w := goneWorld(t)
	w.start()
	if err := w.checkNew(t.Context(), "full"); err == nil {
		t.Error("a backup that is there is new")
	}
	w.removeFolder("full")
	if err := w.checkNew(t.Context(), "full"); err != nil {
		t.Error(err)
	}
	refusal(t, w.backups.ForgetGone(t.Context(), "full"), api.Conflict,
		"Backup with id 'full' already exists: its folder is gone, but backup 'inc' stands on it")
	w.removeFolder("inc")
	if err := w.backups.ForgetGone(t.Context(), "full"); err != nil {
		t.Fatal(err)
	}
	if err := w.backups.ForgetGone(t.Context(), "full"); err != nil {
		t.Fatal(err)
	}
	// The new one is recorded in the ledger and in the shared file alike.
	_, _, err := w.Store.Rebuild(t.Context(), persistence.Rebuild{Found: []persistence.FoundBackup{{
		Backup:  persistence.Backup{ID: "full", StartTime: time.Now().UTC(), Size: new(int64)},
		Process: persistence.Process{CommandID: "anew", StartTime: time.Now().UTC(), Type: persistence.TypeBackup}}}})
	if err != nil {
		t.Fatal(err)
	}
	var ids string
	w.eventually("the shared file says so", func() bool {
		row := w.outsider().QueryRow(`SELECT group_concat(id || coalesce(size, '-'), ' ') FROM (SELECT * FROM backup ORDER BY id)`)
		return row.Scan(&ids) == nil && ids == "full0 kept-"
	})
}
