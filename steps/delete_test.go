package steps

import (
	"errors"
	"os"
	"testing"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/testkit"
	storetest "dbcalm-db-cmd/steps/testkit/store"
)

func TestDeleteStepsCanBeRepeated(t *testing.T) {
	t.Parallel()
	h := twoLinks(t)
	task := Task{Operation: "op", Attempt: 1, Args: Args{ID: "inc"}}
	for range 2 {
		out, err := h.deletions().retireDeleted(t.Context(), task)
		if err != nil || out.Event != EventOK {
			t.Fatalf("%+v, %v", out, err)
		}
		task.Attempt++
	}
	// All of it is still there, out of sight.
	if got := testkit.Tree(t, h.Store.PartialDir()); got["op-1/retired/shop/orders.ibd.delta"] != "changes" {
		t.Errorf("retired: %v", got)
	}
	if there, err := disk.Exists(h.Store.Folder("inc")); there || err != nil {
		t.Errorf("the folder is in the store: %v", err)
	}
	for range 2 {
		if _, err := h.deletions().erase(t.Context(), task); err != nil {
			t.Error(err)
		}
	}
	entries, err := os.ReadDir(h.Store.BackupDir)
	if err != nil || len(entries) != 1 || entries[0].Name() != "full" {
		t.Errorf("the store holds %v, %v", entries, err)
	}
}

func TestDeleteIsRefusedWhileOthersStandOnIt(t *testing.T) {
	t.Parallel()
	h := twoLinks(t)
	_, err := h.deletions().validateDelete(t.Context(), Task{Args: Args{ID: "full"}})
	if !errors.Is(err, ErrNeeded) {
		t.Errorf("got %v", err)
	}
	testkit.Says(t, err, "backup 'full' cannot be deleted: other backups stand on it: 'inc'; delete them first")
	if _, err := h.deletions().validateDelete(t.Context(), Task{Args: Args{ID: "inc"}}); err != nil {
		t.Errorf("the last link: %v", err)
	}
	h.Records.Err = storetest.ErrCatalog
	if _, err := h.deletions().validateDelete(t.Context(), Task{Args: Args{ID: "inc"}}); !errors.Is(err, storetest.ErrCatalog) {
		t.Errorf("an error of the catalog: %v", err)
	}
}

func TestDeletable(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	h := twoLinks(t)
	h.Records.Backups["row"] = persistence.Backup{ID: "row"}
	delete(h.Records.Backups, "inc")
	testkit.Write(t, h.Store.BackupDir, map[string]string{"foreign/file": "", "file": "", "broken/" + store.ManifestName: "{"})
	for id, want := range map[string]bool{"full": true, "row": true, "inc": true, "foreign": false, "nonsense": false} {
		if there, err := h.Deletable(t.Context(), id); err != nil || there != want {
			t.Errorf("%s: %t, %v, want %t", id, there, err, want)
		}
	}
	if there, err := h.Deletable(t.Context(), "broken"); err == nil || there {
		t.Errorf("a manifest that cannot be read: %t, %v", there, err)
	}
	h.Records.Err = storetest.ErrCatalog
	if _, err := h.Deletable(t.Context(), "full"); !errors.Is(err, storetest.ErrCatalog) {
		t.Errorf("an error of the catalog: %v", err)
	}
}
