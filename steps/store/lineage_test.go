package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/testkit"
	storetest "dbcalm-db-cmd/steps/testkit/store"
)

func TestLineage(t *testing.T) {
	t.Parallel()
	c := &storetest.Records{Backups: map[string]persistence.Backup{
		"full": {ID: "full"}, "a": {ID: "a", FromBackupID: "full"}, "b": {ID: "b", FromBackupID: "a"},
		"orphan": {ID: "orphan", FromBackupID: "gone"}, "x": {ID: "x", FromBackupID: "y"}, "y": {ID: "y", FromBackupID: "x"},
	}}
	for id, want := range map[string]string{"full": "full", "b": "full a b"} {
		if ids, err := store.Lineage(t.Context(), c, id); err != nil || strings.Join(ids, " ") != want {
			t.Errorf("%s: %q, %v, want %s", id, ids, err, want)
		}
	}
	for id, want := range map[string]string{
		"orphan": "backup 'gone' is not recorded: the chain is broken; take a new full backup", "x": "backup 'x' stands on itself",
	} {
		_, err := store.Lineage(t.Context(), c, id)
		testkit.Says(t, err, want)
	}
	if _, err := store.Lineage(t.Context(), &storetest.Records{Err: storetest.ErrCatalog}, "a"); !errors.Is(err, storetest.ErrCatalog) {
		t.Errorf("an error of the catalog: %v", err)
	}
}

// A walk that breaks off returns the links above the break.
func TestWalkAlongAChain(t *testing.T) {
	t.Parallel()
	from := map[string]string{"full": "", "a": "full", "b": "a", "orphan": "gone", "on-orphan": "orphan", "x": "y", "y": "x", "on-x": "x"}
	parent := func(id string) (string, error) {
		below, there := from[id]
		if !there {
			return "", &store.MissingLinkError{ID: id}
		}
		return below, nil
	}
	for id, test := range map[string]struct{ want, failure string }{
		"":          {"", ""},
		"full":      {"full", ""},
		"b":         {"full a b", ""},
		"gone":      {"", "backup 'gone' is not recorded"},
		"on-orphan": {"orphan on-orphan", "backup 'gone' is not recorded"},
		"x":         {"y x", "backup 'x' stands on itself"},
		"on-x":      {"y x on-x", "backup 'x' stands on itself"},
	} {
		ids, err := store.WalkChain(id, parent)
		if got := strings.Join(ids, " "); got != test.want {
			t.Errorf("%s: %s, want %s", id, got, test.want)
		}
		if test.failure == "" && err != nil {
			t.Errorf("%s: %v", id, err)
		} else if test.failure != "" {
			testkit.Says(t, err, test.failure)
		}
	}
}

func TestChainIsChecked(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		ids   string
		spoil func(h *testStore)
		want  string
	}{
		"whole":                 {"full inc", nil, ""},
		"the full one alone":    {"full", nil, ""},
		"not recorded":          {"full nonsense", nil, "backup 'nonsense' is not recorded"},
		"no full one first":     {"inc", nil, "backup 'inc' is no full backup: a chain begins with one"},
		"on another":            {"other inc", nil, "backup 'inc' stands on 'full', not on 'other'"},
		"a full one in between": {"full other", nil, "backup 'other' is a full one: a chain of its own begins with it"},
		"no folder": {"full inc", func(h *testStore) { h.Must(os.RemoveAll(h.Folder("inc"))) },
			"the folder of backup 'inc' cannot be read"},
		"no metadata": {"full inc", func(h *testStore) { h.Must(os.Remove(filepath.Join(h.Folder("inc"), "xtrabackup_checkpoints"))) },
			"backup 'inc' is damaged: read metadata: xtrabackup_checkpoints is missing; use another chain"},
		"a hole in the LSNs": {"full inc", func(h *testStore) {
			testkit.Write(h.T, h.Folder("inc"), testkit.Metadata("incremental", "101", "150"))
			h.WriteManifest("inc", "full")
		}, "backup 'inc' begins at LSN 101, but 'full' ends at 100: they do not join"},
		"a full one recorded as an incremental": {"full inc", func(h *testStore) {
			testkit.Write(h.T, h.Folder("inc"), testkit.Metadata("full-backuped", "100", "150"))
			h.WriteManifest("inc", "full")
		}, "backup 'inc' is of type full-backuped, not an incremental"},
		"an incremental recorded as a full one": {"full", func(h *testStore) {
			testkit.Write(h.T, h.Folder("full"), testkit.Metadata("incremental", "0", "100"))
			h.WriteManifest("full", "")
		}, "backup 'full' is no full backup"},
		"another's folder": {"full inc", func(h *testStore) {
			h.Must(os.RemoveAll(h.Folder("inc")))
			h.Must(os.CopyFS(h.Folder("inc"), os.DirFS(h.Folder("full"))))
		}, "the folder of backup 'inc' holds backup 'full' on ''; the record says it stands on 'full'"},
		"another of the parent's id": {"full inc", func(h *testStore) {
			h.Manifest("full", func(m *store.Manifest) { m.Operation = "second" })
			h.Manifest("inc", func(m *store.Manifest) { m.ParentOperation = "first" })
		}, "backup 'inc' stands on a backup 'full' that operation first made, and the one that is there was made by operation second: " +
			"it is another of the same id"},
		"the very parent": {"full inc", func(h *testStore) {
			h.Manifest("full", func(m *store.Manifest) { m.Operation = "first" })
			h.Manifest("inc", func(m *store.Manifest) { m.ParentOperation = "first" })
		}, ""},
		"a parent without a manifest": {"full inc", func(h *testStore) {
			h.Must(os.Remove(filepath.Join(h.Folder("full"), store.ManifestName)))
			h.Manifest("inc", func(m *store.Manifest) { m.ParentOperation = "first" })
		}, "backup 'inc' stands on a backup 'full' that operation first made, and the one that is there has no dbcalm.json: it is another"},
		"another server's folder": {"full inc", func(h *testStore) {
			h.Manifest("full", func(m *store.Manifest) { m.Server.UID = "here" })
			h.Manifest("inc", func(m *store.Manifest) { m.Server.UID = "there" })
		}, "backup 'inc' is of server there, but 'full' is of server here: they are no chain"},
		"the same data directory at another port": {"full inc", func(h *testStore) {
			h.Manifest("full", func(m *store.Manifest) { m.Server.UID, m.Server.DataBirth = "here", time.Unix(1, 0).UTC() })
			h.Manifest("inc", func(m *store.Manifest) { m.Server.UID, m.Server.DataBirth = "there", time.Unix(1, 0).UTC() })
		}, ""},
		"another data directory's folder": {"full inc", func(h *testStore) {
			h.Manifest("full", func(m *store.Manifest) { m.Server.DataBirth = time.Unix(1, 0).UTC() })
			h.Manifest("inc", func(m *store.Manifest) { m.Server.DataBirth = time.Unix(2, 0).UTC() })
		}, "backup 'inc' is of a data directory created 1970-01-01 00:00:02, " +
			"but 'full' is of one created 1970-01-01 00:00:01: they are no chain"},
		"a manifest that cannot be read": {"full", func(h *testStore) {
			testkit.Write(h.T, h.Folder("full"), map[string]string{store.ManifestName: "{"})
		}, "read manifest of "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := twoLinks(t)
			h.Backup("other", "", "0", "100", nil)
			if test.spoil != nil {
				test.spoil(h)
			}
			links, err := h.Chain(t.Context(), strings.Fields(test.ids))
			if test.want != "" {
				testkit.Says(t, err, test.want)
			} else if err != nil || len(links) != len(strings.Fields(test.ids)) {
				t.Errorf("%d links, %v", len(links), err)
			}
		})
	}
}
