package steps

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"dbcalm-db-cmd/persistence"
)

func TestWorkFolderIsFreshForEveryAttempt(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	task := Task{Operation: "op", Attempt: 1}
	first, err := h.makeWork(task)
	if err != nil || first != filepath.Join(h.BackupDir, ".partial", "op-1") {
		t.Fatalf("%s, %v", first, err)
	}
	write(t, first, map[string]string{"half": "x"})
	other, err := h.makeWork(Task{Operation: "op2", Attempt: 1})
	if err != nil {
		t.Fatal(err)
	}
	write(t, other, map[string]string{"its": "own"})
	again, err := h.makeWork(task)
	if err != nil || len(tree(t, again)) > 0 {
		t.Errorf("the same attempt again: %v, %v", tree(t, again), err)
	}
	task.Attempt = 2
	if _, err := h.makeWork(task); err != nil {
		t.Fatal(err)
	}
	if got := tree(t, h.partialDir()); len(got) != 3 || got["op2-1/its"] != "own" {
		t.Errorf("after the second attempt there are %v", got)
	}
	if err := h.removeWork("op"); err != nil {
		t.Fatal(err)
	}
	if got := tree(t, h.partialDir()); len(got) != 2 {
		t.Errorf("after the end there are %v", got)
	}
	if err := h.removeWork("op2"); err != nil {
		t.Fatal(err)
	}
	if left := tree(t, h.BackupDir); len(left) > 0 {
		t.Errorf("after the last one there are %v", left)
	}
	if err := h.removeWork("op2"); err != nil {
		t.Errorf("removed again: %v", err)
	}
}

// The folder around the work folders comes and goes with them, under the feet
// of other operations.
func TestWorkFoldersOfManyOperations(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	var workers sync.WaitGroup
	for _, operation := range []string{"a", "b", "c", "d"} {
		workers.Go(func() {
			for range 50 {
				folder, err := h.makeWork(Task{Operation: operation, Attempt: 1})
				if err == nil {
					err = os.WriteFile(filepath.Join(folder, "file"), nil, 0o600)
				}
				if err == nil {
					err = h.removeWork(operation)
				}
				if err != nil {
					t.Errorf("operation %s: %v", operation, err)
					return
				}
			}
		})
	}
	workers.Wait()
}

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
		says(t, err, want)
	}
	if _, err := Lineage(t.Context(), &records{err: errCatalog}, "a"); !errors.Is(err, errCatalog) {
		t.Errorf("an error of the catalog: %v", err)
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
		"a full one in between": {"full other", nil, "backup 'other' stands on '', not on 'full'"},
		"no folder":             {"full inc", func(h *testHost) { h.must(os.RemoveAll(h.BackupFolder("inc"))) }, "the folder of backup 'inc' cannot be read"},
		"no metadata":           {"full inc", func(h *testHost) { h.must(os.Remove(filepath.Join(h.BackupFolder("inc"), "xtrabackup_checkpoints"))) }, "backup 'inc' is damaged: read metadata: xtrabackup_checkpoints is missing; use another chain"},
		"a hole in the LSNs": {"full inc", func(h *testHost) {
			write(h.t, h.BackupFolder("inc"), metadata("incremental", "101", "150"))
			h.writeManifest("inc", "full")
		}, "backup 'inc' begins at LSN 101, but 'full' ends at 100: they do not join"},
		"a full one recorded as an incremental": {"full inc", func(h *testHost) {
			write(h.t, h.BackupFolder("inc"), metadata("full-backuped", "100", "150"))
			h.writeManifest("inc", "full")
		}, "backup 'inc' is of type full-backuped, not an incremental"},
		"an incremental recorded as a full one": {"full", func(h *testHost) {
			write(h.t, h.BackupFolder("full"), metadata("incremental", "0", "100"))
			h.writeManifest("full", "")
		}, "backup 'full' is no full backup"},
		"another's folder": {"full inc", func(h *testHost) {
			h.must(os.RemoveAll(h.BackupFolder("inc")))
			h.must(os.CopyFS(h.BackupFolder("inc"), os.DirFS(h.BackupFolder("full"))))
		}, "the folder of backup 'inc' holds backup 'full' on ''; the record says it stands on 'full'"},
		"a manifest that cannot be read": {"full", func(h *testHost) {
			write(h.t, h.BackupFolder("full"), map[string]string{ManifestName: "{"})
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
				says(t, err, test.want)
			} else if err != nil || len(links) != len(strings.Fields(test.ids)) {
				t.Errorf("%d links, %v", len(links), err)
			}
		})
	}
}

func (h *testHost) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func TestSpan(t *testing.T) {
	t.Parallel()
	h := twoLinks(t)
	if from, to, err := h.Span("inc"); err != nil || from != 100 || to != 150 {
		t.Errorf("%d to %d, %v", from, to, err)
	}
	_, _, err := h.Span("nonsense")
	says(t, err, "its folder "+h.BackupFolder("nonsense")+" is missing")
	write(t, h.BackupFolder("foreign"), map[string]string{"file": ""})
	_, _, err = h.Span("foreign")
	says(t, err, "xtrabackup_checkpoints is missing")
}
