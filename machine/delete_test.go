package machine

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/testkit"
)

func TestDeleteRemovesFolderAndRecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	w.backup("inc", "full", 100, 200)
	w.backup("other", "", 0, 100)
	w.start()
	refusal(t, w.DeleteBackup(t.Context(), api.DeleteRequest{ID: "full"}), api.Conflict,
		"backup 'full' cannot be deleted: other backups stand on it: 'inc'; delete them first")
	for _, id := range []string{"inc", "full"} {
		if err := w.DeleteBackup(t.Context(), api.DeleteRequest{ID: id}); err != nil {
			t.Errorf("delete %s: %v", id, err)
		}
		if _, err := w.Backup(t.Context(), id); !errors.Is(err, persistence.ErrNotFound) {
			t.Errorf("the record of %s: %v", id, err)
		}
		refusal(t, w.DeleteBackup(t.Context(), api.DeleteRequest{ID: id}), api.NotFound, "Backup with id '"+id+"' not found")
	}
	if left := w.names(w.host.Store.BackupDir); left != "other" {
		t.Errorf("the store holds %s", left)
	}
	list, err := w.Manager.Operations(t.Context(), api.OperationFilter{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	v := w.show(list[0].ID)
	if v.Machine != "delete_backup" || events(v) != "accept>queued start>validate ok>retire ok>erase ok>record ok>done" ||
		len(v.Processes) != 1 || v.Processes[0].Status != "success" {
		t.Errorf("%s\n%+v", story(v), v.Processes)
	}
}

func TestDeleteOfHalfABackup(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.record(persistence.Backup{ID: "row", StartTime: time.Now().UTC()})
	text, err := json.Marshal(store.Manifest{Format: 1, ID: "folder"})
	if err != nil {
		t.Fatal(err)
	}
	w.write(filepath.Join(w.host.Store.Folder("folder"), store.ManifestName), string(text))
	w.write(filepath.Join(w.host.Store.Folder("foreign"), "holiday.jpg"), "")
	w.write(filepath.Join(w.host.Store.Folder("copied"), store.ManifestName), string(text))
	w.start()
	for _, id := range []string{"row", "folder"} {
		if err := w.DeleteBackup(t.Context(), api.DeleteRequest{ID: id}); err != nil {
			t.Errorf("delete what there is of %s: %v", id, err)
		}
	}
	for _, id := range []string{"foreign", "copied", "nonsense"} {
		refusal(t, w.DeleteBackup(t.Context(), api.DeleteRequest{ID: id}), api.NotFound, "Backup with id '"+id+"' not found")
	}
	if left := w.names(w.host.Store.BackupDir); left != "copied foreign" {
		t.Errorf("the store holds %s", left)
	}
}

func TestDeleteOfABackupInUse(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	w.closeGate()
	w.start()
	id := w.restore("full")
	w.works(id, "prepare")
	refusal(t, w.DeleteBackup(t.Context(), api.DeleteRequest{ID: "full"}), api.Conflict, "backup 'full' is in use: operation "+id+" reads it")
	w.pass("ok")
	w.ends(id, persistence.Succeeded)
	if err := w.DeleteBackup(t.Context(), api.DeleteRequest{ID: "full"}); err != nil {
		t.Error(err)
	}
}

// A client that gives up must not be told of a failure that there is none.
func TestDeleteThatTakesLong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	begun, letGo := make(chan string), make(chan error)
	w.replace["erase_backup"] = steps.Step{Run: block(begun, letGo)}
	w.start()
	ctx, cancel := context.WithCancel(t.Context())
	deleted := make(chan error)
	go func() { deleted <- w.DeleteBackup(ctx, api.DeleteRequest{ID: "full"}) }()
	id := <-begun
	cancel()
	if err := <-deleted; err != nil {
		t.Errorf("the folder is out of the store, but: %v", err)
	}
	if v := w.show(id); v.Status != "running" {
		t.Errorf("the operation is %s", v.Status)
	}
	letGo <- nil
	w.ends(id, persistence.Succeeded)
}

func TestDeleteThatFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	w.replace["retire_backup"] = steps.Step{Run: func(context.Context, steps.Task) (steps.Outcome, error) { return steps.Outcome{}, errLuck }}
	w.start()
	refusal(t, w.DeleteBackup(t.Context(), api.DeleteRequest{ID: "full"}), api.Internal, "backup 'full' was not deleted: no luck today")
	if _, err := w.Backup(t.Context(), "full"); err != nil {
		t.Errorf("the record: %v", err)
	}
}
