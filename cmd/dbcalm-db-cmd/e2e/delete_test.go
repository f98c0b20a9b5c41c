package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"dbcalm-db-cmd/machine/api"
)

// TestDelete refuses while other backups stand on one, naming them, and else
// removes folder and row with the restores that name it.
func TestDelete(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.start()
	w.succeeded(w.full("full"))
	for _, id := range []string{"b", "a"} {
		w.succeeded(w.incremental(id, "full"))
	}
	w.succeeded(w.restore(api.TargetFolder, "full"))
	remaining := func(want ...string) {
		t.Helper()
		var recorded []string
		backups, err := w.client.Backups(w.ctx())
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range backups {
			recorded = append(recorded, b.ID)
		}
		slices.Sort(recorded)
		if there := entries(t, w.backupDir); !slices.Equal(recorded, want) || !slices.Equal(there, append(slices.Clone(want), "restores")) {
			t.Errorf("recorded %v, in the store %v, wanted %v", recorded, there, want)
		}
	}
	refused(t, w.client.DeleteBackup(w.ctx(), api.DeleteRequest{ID: "full"}), 409,
		"backup 'full' cannot be deleted: other backups stand on it: 'b', 'a'; delete them first")
	remaining("a", "b", "full")
	if err := w.client.DeleteBackup(w.ctx(), api.DeleteRequest{ID: "b"}); err != nil {
		t.Fatal(err)
	}
	remaining("a", "full")
	refused(t, w.client.DeleteBackup(w.ctx(), api.DeleteRequest{ID: "full"}), 409, "'a'; delete")
	refused(t, w.client.DeleteBackup(w.ctx(), api.DeleteRequest{ID: "b"}), 404, "Backup with id 'b' not found")
	// Without its folder the row can go, without its row the folder.
	if err := os.RemoveAll(filepath.Join(w.backupDir, "a")); err != nil {
		t.Fatal(err)
	}
	if err := w.client.DeleteBackup(w.ctx(), api.DeleteRequest{ID: "a"}); err != nil {
		t.Fatal(err)
	}
	remaining("full")
	w.asAPIServer(w.sqlite(), `DELETE FROM backup WHERE id = 'full'`)
	if err := w.client.DeleteBackup(w.ctx(), api.DeleteRequest{ID: "full"}); err != nil {
		t.Fatal(err)
	}
	remaining()
	var rows int
	if err := w.sqlite().QueryRow(`SELECT count(*) FROM restore`).Scan(&rows); err != nil || rows != 0 {
		t.Errorf("%d restores of a deleted backup are recorded, %v", rows, err)
	}
	// Its name is free again.
	w.succeeded(w.full("full"))
}

// TestDeleteWhatIsInUse refuses to delete a backup that is being made or read,
// and to read one that is being deleted.
func TestDeleteWhatIsInUse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	making, preparing := w.newGate("backup"), w.newGate("prepare")
	w.useTool(`case $doing in backup) ` + making.wait() + ` ;; prepare) ` + preparing.wait() + ` ;; esac`)
	w.start()
	full := w.full("full")
	refused(t, w.client.DeleteBackup(w.ctx(), api.DeleteRequest{ID: "full"}), 404, "Backup with id 'full' not found")
	w.eventually("the tool copies", making.reached)
	_, err := w.client.FullBackup(w.ctx(), api.BackupRequest{ID: "full"})
	refused(t, err, 409, "Backup with id 'full' already exists")
	making.open(t)
	w.succeeded(full)
	restore := w.restore(api.TargetFolder, "full")
	w.eventually("the tool prepares", preparing.reached)
	refused(t, w.client.DeleteBackup(w.ctx(), api.DeleteRequest{ID: "full"}), 409,
		"backup 'full' is in use: operation "+restore+" reads it; wait for its end or cancel it")
	preparing.open(t)
	w.succeeded(restore)
	if err := w.client.DeleteBackup(w.ctx(), api.DeleteRequest{ID: "full"}); err != nil {
		t.Error(err)
	}
}
