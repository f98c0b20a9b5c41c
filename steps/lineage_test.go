package steps

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/testkit"
)

// errCatalog is what a catalog says that cannot be read.
var errCatalog = errors.New("database is locked")

func TestLineage(t *testing.T) {
	t.Parallel()
	c := &records{backups: map[string]persistence.Backup{
		"full": {ID: "full"}, "a": {ID: "a", FromBackupID: "full"}, "b": {ID: "b", FromBackupID: "a"},
		"orphan": {ID: "orphan", FromBackupID: "gone"}, "x": {ID: "x", FromBackupID: "y"}, "y": {ID: "y", FromBackupID: "x"},
	}}
	for id, want := range map[string]string{"full": "full", "b": "full a b"} {
		if ids, err := Lineage(t.Context(), c, id); err != nil || strings.Join(ids, " ") != want {
			t.Errorf("%s: %q, %v, want %s", id, ids, err, want)
		}
	}
	for id, want := range map[string]string{
		"orphan": "backup 'gone' is not recorded: the chain is broken; take a new full backup", "x": "backup 'x' stands on itself",
	} {
		_, err := Lineage(t.Context(), c, id)
		testkit.Says(t, err, want)
	}
	if _, err := Lineage(t.Context(), &records{err: errCatalog}, "a"); !errors.Is(err, errCatalog) {
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
			return "", &MissingLinkError{ID: id}
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
		ids, err := WalkChain(id, parent)
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
		spoil func(h *testHost)
		want  string
	}{
		"whole":                 {"full inc", nil, ""},
		"the full one alone":    {"full", nil, ""},
		"not recorded":          {"full nonsense", nil, "backup 'nonsense' is not recorded"},
		"no full one first":     {"inc", nil, "backup 'inc' is no full backup: a chain begins with one"},
		"on another":            {"other inc", nil, "backup 'inc' stands on 'full', not on 'other'"},
		"a full one in between": {"full other", nil, "backup 'other' is a full one: a chain of its own begins with it"},
		"no folder":             {"full inc", func(h *testHost) { h.Must(os.RemoveAll(h.BackupFolder("inc"))) }, "the folder of backup 'inc' cannot be read"},
		"no metadata":           {"full inc", func(h *testHost) { h.Must(os.Remove(filepath.Join(h.BackupFolder("inc"), "xtrabackup_checkpoints"))) }, "backup 'inc' is damaged: read metadata: xtrabackup_checkpoints is missing; use another chain"},
		"a hole in the LSNs": {"full inc", func(h *testHost) {
			testkit.Write(h.T, h.BackupFolder("inc"), metadata("incremental", "101", "150"))
			h.writeManifest("inc", "full")
		}, "backup 'inc' begins at LSN 101, but 'full' ends at 100: they do not join"},
		"a full one recorded as an incremental": {"full inc", func(h *testHost) {
			testkit.Write(h.T, h.BackupFolder("inc"), metadata("full-backuped", "100", "150"))
			h.writeManifest("inc", "full")
		}, "backup 'inc' is of type full-backuped, not an incremental"},
		"an incremental recorded as a full one": {"full", func(h *testHost) {
			testkit.Write(h.T, h.BackupFolder("full"), metadata("incremental", "0", "100"))
			h.writeManifest("full", "")
		}, "backup 'full' is no full backup"},
		"another's folder": {"full inc", func(h *testHost) {
			h.Must(os.RemoveAll(h.BackupFolder("inc")))
			h.Must(os.CopyFS(h.BackupFolder("inc"), os.DirFS(h.BackupFolder("full"))))
		}, "the folder of backup 'inc' holds backup 'full' on ''; the record says it stands on 'full'"},
		"another of the parent's id": {"full inc", func(h *testHost) {
			h.manifest("full", func(m *Manifest) { m.Operation = "second" })
			h.manifest("inc", func(m *Manifest) { m.ParentOperation = "first" })
		}, "backup 'inc' stands on a backup 'full' that operation first made, and the one that is there was made by operation second: it is another of the same id"},
		"the very parent": {"full inc", func(h *testHost) {
			h.manifest("full", func(m *Manifest) { m.Operation = "first" })
			h.manifest("inc", func(m *Manifest) { m.ParentOperation = "first" })
		}, ""},
		"a parent without a manifest": {"full inc", func(h *testHost) {
			h.Must(os.Remove(filepath.Join(h.BackupFolder("full"), ManifestName)))
			h.manifest("inc", func(m *Manifest) { m.ParentOperation = "first" })
		}, "backup 'inc' stands on a backup 'full' that operation first made, and the one that is there has no dbcalm.json: it is another"},
		"another server's folder": {"full inc", func(h *testHost) {
			h.manifest("full", func(m *Manifest) { m.Server.UID = "here" })
			h.manifest("inc", func(m *Manifest) { m.Server.UID = "there" })
		}, "backup 'inc' is of server there, but 'full' is of server here: they are no chain"},
		"another data directory's folder": {"full inc", func(h *testHost) {
			h.manifest("full", func(m *Manifest) { m.Server.DataBirth = time.Unix(1, 0).UTC() })
			h.manifest("inc", func(m *Manifest) { m.Server.DataBirth = time.Unix(2, 0).UTC() })
		}, "backup 'inc' is of a data directory created 1970-01-01 00:00:02, but 'full' is of one created 1970-01-01 00:00:01: they are no chain"},
		"a manifest that cannot be read": {"full", func(h *testHost) {
			testkit.Write(h.T, h.BackupFolder("full"), map[string]string{ManifestName: "{"})
		}, "read manifest of "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := twoLinks(t)
			h.backup("other", "", "0", "100", nil)
			if test.spoil != nil {
				test.spoil(h)
			}
			links, err := h.chain(t.Context(), strings.Fields(test.ids))
			if test.want != "" {
				testkit.Says(t, err, test.want)
			} else if err != nil || len(links) != len(strings.Fields(test.ids)) {
				t.Errorf("%d links, %v", len(links), err)
			}
		})
	}
}

// manifest changes the manifest of a stored backup.
func (h *testHost) manifest(id string, change func(*Manifest)) {
	h.T.Helper()
	m, err := ReadManifest(h.BackupFolder(id))
	h.Must(err)
	change(m)
	h.putManifest(h.BackupFolder(id), m)
}

func TestRestoreNamesThePartOfAChainThatIsWhole(t *testing.T) {
	t.Parallel()
	h := twoLinks(t)
	h.BackupBin = h.Script("tool", fakeBanner)
	h.Must(os.Truncate(filepath.Join(h.BackupFolder("inc"), "ibdata1.delta"), 0))
	task := h.restoreTask("full", "inc")
	task.Args.Target = "folder"
	for name, step := range map[string]func(context.Context, Task) (Outcome, error){"validate": h.validateRestore, "stage": h.stage} {
		_, err := step(t.Context(), task)
		testkit.Says(t, err, "backup 'inc' is damaged: ", "; the chain is whole up to 'full': dbcalm-db-cmd restore full --target folder")
		if t.Failed() {
			t.Fatal(name)
		}
	}
	testkit.Write(t, h.BackupFolder("inc"), map[string]string{"ibdata1.delta": "x"})
	_, err := h.stage(t.Context(), task)
	testkit.Says(t, err, "its checksum is not the recorded one", "; the chain is whole up to 'full': dbcalm-db-cmd restore full --target folder")
	h.Must(os.RemoveAll(h.BackupFolder("full")))
	_, err = h.validateRestore(t.Context(), task)
	testkit.Says(t, err, "the folder of backup 'full' cannot be read", "; the other chains: dbcalm-db-cmd backups list")
	h.records.err = &persistence.Error{Op: "read", Err: errCatalog}
	if _, err = h.validateRestore(t.Context(), task); err == nil || err.Error() != h.records.err.Error() {
		t.Errorf("a database that cannot be read: %v", err)
	}
}

// The base of an incremental is replaced while that is taken.
func TestBaseThatIsReplacedMeanwhile(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.backup("full", "", "0", "100", nil)
	h.manifest("full", func(m *Manifest) { m.Operation = "first" })
	base, err := h.checkBase(t.Context(), "full", ServerInfo{})
	if err != nil || base != "first" {
		t.Fatalf("the base is of operation %q, %v", base, err)
	}
	task := h.backupTask("op", "inc", "full", metadata("incremental", "100", "150"))
	task.Data.BaseOperation = base
	for _, spoil := range []func(){
		func() { h.manifest("full", func(m *Manifest) { m.Operation = "second" }) },
		func() { h.Must(os.Remove(filepath.Join(h.BackupFolder("full"), ManifestName))) },
	} {
		spoil()
		_, err := h.Host.seal(t.Context(), task)
		testkit.Says(t, err, "backup 'full' has been replaced by another while this one was taken on it: take a full backup")
	}
	h.writeManifest("full", "")
	h.manifest("full", func(m *Manifest) { m.Operation = "first" })
	if _, err := h.Host.seal(t.Context(), task); err != nil {
		t.Fatal(err)
	}
	if m, err := ReadManifest(task.Data.Work); err != nil || m.ParentID != "full" || m.ParentOperation != "first" {
		t.Errorf("the manifest: %+v, %v", m, err)
	}
}
