package store_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/testkit"
	storetest "dbcalm-db-cmd/steps/testkit/store"
)

// remember records the manifest's SHA-256 of a backup as the ledger does.
func remember(k *storetest.Kit, id string) {
	k.T.Helper()
	m, err := store.ReadManifest(k.Backups.Folder(id))
	k.Must(err)
	record := k.Records.Backups[id]
	record.ManifestSHA256 = m.SHA256
	k.Records.Backups[id] = record
}

// Whoever may write to the store may write another manifest: it is damage for
// whatever builds on the backup.
func TestManifestThatIsNotTheRecordedOneIsDamage(t *testing.T) {
	t.Parallel()
	k := storetest.New(t)
	k.TwoLinks()
	remember(k, "full")
	remember(k, "inc")
	chain := []string{"full", "inc"}
	if err := k.Backups.CheckChain(t.Context(), chain); err != nil {
		t.Fatal(err)
	}
	manifest := filepath.Join(k.Backups.Folder("full"), store.ManifestName)
	text, err := os.ReadFile(manifest)
	k.Must(err)
	for name, test := range map[string]struct {
		text string
		want string
	}{
		"another's": {strings.Replace(string(text), `"id":"full"`, `"id":"full","options":"forged"`, 1),
			"its dbcalm.json is not the one that was recorded: its SHA-256 is "},
		"one space":  {string(text) + " ", "bring the right one back; use another chain"},
		"taken away": {"", "its dbcalm.json, which was recorded with it, is missing"},
	} {
		if test.text == "" {
			k.Must(os.Remove(manifest))
		} else {
			k.Must(os.WriteFile(manifest, []byte(test.text), 0o640))
		}
		for what, err := range map[string]error{
			"chain": k.Backups.CheckChain(t.Context(), chain),
			"alone": func() error { _, err := k.Backups.RecordedManifest(t.Context(), "full"); return err }(),
		} {
			if damage := storetest.Blamed(t, err); damage.Backup != "full" || damage.Level != persistence.LevelFiles {
				t.Errorf("%s, %s: %+v", name, what, damage)
			}
			testkit.Says(t, err, "backup 'full' is damaged: ", test.want)
		}
	}
	k.Must(os.WriteFile(manifest, text, 0o640))
	if err := k.Backups.CheckChain(t.Context(), chain); err != nil {
		t.Errorf("the right one is back: %v", err)
	}
}

// What is not known cannot be compared.
func TestManifestOfABackupFromBefore(t *testing.T) {
	t.Parallel()
	k := storetest.New(t)
	k.TwoLinks()
	k.Manifest("full", func(m *store.Manifest) { m.Options = "changed" })
	if m, err := k.Backups.RecordedManifest(t.Context(), "full"); err != nil || m.Options != "changed" {
		t.Errorf("%+v, %v", m, err)
	}
	k.Must(os.Remove(filepath.Join(k.Backups.Folder("full"), store.ManifestName)))
	if _, err := k.Backups.RecordedManifest(t.Context(), "full"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an older program's: %v", err)
	}
	// Another program deletes the record of a backup that is being restored.
	delete(k.Records.Backups, "inc")
	if m, err := k.Backups.RecordedManifest(t.Context(), "inc"); err != nil || m.ID != "inc" {
		t.Errorf("not recorded any more: %+v, %v", m, err)
	}
}

// A file with a second name can be changed through that, however well the store
// is guarded.
func TestFileOfABackupWithAnotherName(t *testing.T) {
	t.Parallel()
	k := storetest.New(t)
	k.TwoLinks()
	file := filepath.Join(k.Backups.Folder("full"), "shop", "orders.ibd")
	k.Must(os.Link(file, filepath.Join(k.Dir, "mine")))
	err := k.Backups.CheckChain(t.Context(), []string{"full"})
	testkit.Says(t, err, "check backup 'full'", "file shop/orders.ibd has 2 names (hard links)", "replace it by a copy")
	if !errors.Is(err, disk.ErrRefused) {
		t.Errorf("%v is no refusal", err)
	}
}
