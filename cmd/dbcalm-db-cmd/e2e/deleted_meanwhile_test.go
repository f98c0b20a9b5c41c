package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/machine/api"
)

// TestBaseDeletedMeanwhile lets the API server delete the row of the backup
// that an incremental under way stands on.
func TestBaseDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	hold := w.newGate("incremental")
	w.useTool(`case "$*" in *--incremental-basedir=*) ` + hold.wait() + ` ;; esac`)
	w.start()
	w.succeeded(w.full("full"))
	operation := w.incremental("inc", "full")
	w.eventually("the tool copies", hold.reached)
	w.asAPIServer(w.sqlite(), `DELETE FROM backup WHERE id = 'full'`)
	hold.open(t)
	w.toldEverywhere(w.failed(operation, "the base backup's row is gone: 'full'", "take a full backup"))
	if left := entries(t, w.backupDir); len(left) != 1 || left[0] != "full" {
		t.Errorf("in the store: %v", left)
	}
	// The full one's folder is still there; that its record is not, is said.
	backups, err := w.client.Backups(w.ctx())
	if err != nil || len(backups) != 1 || backups[0].ID != "full" || !strings.Contains(backups[0].Problem, "record is lost") {
		t.Errorf("listed: %+v, %v", backups, err)
	}
}

// TestFolderDeletedRecordLeft deletes a backup as the API server does, whose
// second step, the row, may fail: its id is free again.
func TestFolderDeletedRecordLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.start()
	first := w.succeeded(w.full("full"))
	if err := os.RemoveAll(filepath.Join(w.backupDir, "full")); err != nil {
		t.Fatal(err)
	}
	_, err := w.client.IncrementalBackup(w.ctx(), api.BackupRequest{ID: "inc", FromBackupID: "full"})
	refused(t, err, 404, "Base backup with id 'full' not found", "its folder "+filepath.Join(w.backupDir, "full")+" is gone")
	second := w.succeeded(w.full("full"))
	db := w.sqlite()
	var operation string
	if err := db.QueryRow(`SELECT command_id FROM backup JOIN process ON process.id = process_id WHERE backup.id = 'full'`).
		Scan(&operation); err != nil ||
		operation != second.ID || operation == first.ID {
		t.Errorf("the row is of operation %s, %v, want %s", operation, err, second.ID)
	}
}

// TestBackupDeletedDuringRestore lets the API server delete the rows of a
// chain while it is restored: the restore stands, it only has no row.
func TestBackupDeletedDuringRestore(t *testing.T) {
	t.Parallel()
	for name, statements := range map[string][]string{
		"with_children":    {`DELETE FROM backup WHERE id = 'full'`},
		"without_children": {`PRAGMA foreign_keys = OFF`, `DELETE FROM backup WHERE id = 'full'`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, worldOptions{})
			hold := w.newGate("prepare")
			w.useTool(`[ $doing != prepare ] || { ` + hold.wait() + `; }`)
			w.start()
			w.succeeded(w.full("full"))
			w.succeeded(w.incremental("inc", "full"))
			operation := w.restore(api.TargetFolder, "full", "inc")
			w.eventually("the tool prepares", hold.reached)
			db := w.sqlite()
			w.asAPIServer(db, statements...)
			hold.open(t)
			v := w.succeeded(operation)
			w.db.Stop()
			w.db.StartOn(filepath.Join(v.Args.TmpDir, "full"))
			var rows int
			if err := db.QueryRow(`SELECT count(*) FROM restore`).Scan(&rows); err != nil || rows != 0 {
				t.Errorf("%d rows of restores, %v", rows, err)
			}
		})
	}
}
