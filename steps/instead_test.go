package steps

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/testkit"
	storetest "dbcalm-db-cmd/steps/testkit/store"
)

func TestRestoreNamesThePartOfAChainThatIsWhole(t *testing.T) {
	t.Parallel()
	h := twoLinks(t)
	h.Tool.Bin = h.Script("tool", fakeBanner)
	h.Must(os.Truncate(filepath.Join(h.Store.Folder("inc"), "ibdata1.delta"), 0))
	task := h.restoreTask("full", "inc")
	task.Args.Target = "folder"
	for name, step := range map[string]func(context.Context, Task) (Outcome, error){
		"validate": h.restores().validateRestore, "stage": h.restores().stage,
	} {
		_, err := step(t.Context(), task)
		testkit.Says(t, err, "backup 'inc' is damaged: ", "; the chain is whole up to 'full': dbcalm-db-cmd restore full --target folder")
		if t.Failed() {
			t.Fatal(name)
		}
	}
	testkit.Write(t, h.Store.Folder("inc"), map[string]string{"ibdata1.delta": "x"})
	_, err := h.restores().stage(t.Context(), task)
	testkit.Says(t, err, "its checksum is not the recorded one",
		"; the chain is whole up to 'full': dbcalm-db-cmd restore full --target folder")
	h.Must(os.RemoveAll(h.Store.Folder("full")))
	_, err = h.restores().validateRestore(t.Context(), task)
	testkit.Says(t, err, "the folder of backup 'full' cannot be read", "; the other chains: dbcalm-db-cmd backups list")
	h.Records.Err = &persistence.Error{Op: "read", Err: storetest.ErrCatalog}
	if _, err = h.restores().validateRestore(t.Context(), task); err == nil || err.Error() != h.Records.Err.Error() {
		t.Errorf("a database that cannot be read: %v", err)
	}
}
