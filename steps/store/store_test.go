package store_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
)

func TestWorkFolderIsFreshForEveryAttempt(t *testing.T) {
	t.Parallel()
	h := newStore(t)
	first, err := h.MakeWork("op", 1)
	if err != nil || first != filepath.Join(h.BackupDir, ".partial", "op-1") {
		t.Fatalf("%s, %v", first, err)
	}
	testkit.Write(t, first, map[string]string{"half": "x"})
	other, err := h.MakeWork("op2", 1)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Write(t, other, map[string]string{"its": "own"})
	again, err := h.MakeWork("op", 1)
	if err != nil || len(testkit.Tree(t, again)) > 0 {
		t.Errorf("the same attempt again: %v, %v", testkit.Tree(t, again), err)
	}
	if _, err := h.MakeWork("op", 2); err != nil {
		t.Fatal(err)
	}
	if got := testkit.Tree(t, h.PartialDir()); len(got) != 3 || got["op2-1/its"] != "own" {
		t.Errorf("after the second attempt there are %v", got)
	}
	if err := h.RemoveWork("op"); err != nil {
		t.Fatal(err)
	}
	if got := testkit.Tree(t, h.PartialDir()); len(got) != 2 {
		t.Errorf("after the end there are %v", got)
	}
	if err := h.RemoveWork("op2"); err != nil {
		t.Fatal(err)
	}
	if left := testkit.Tree(t, h.BackupDir); len(left) > 0 {
		t.Errorf("after the last one there are %v", left)
	}
	if err := h.RemoveWork("op2"); err != nil {
		t.Errorf("removed again: %v", err)
	}
}

// The folder around the work folders comes and goes with them, under the feet
// of other operations.
func TestWorkFoldersOfManyOperations(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	h := newStore(t)
	var workers sync.WaitGroup
	for _, operation := range []string{"a", "b", "c", "d"} {
		workers.Go(func() {
			for range 50 {
				folder, err := h.MakeWork(operation, 1)
				if err == nil {
					err = os.WriteFile(filepath.Join(folder, "file"), nil, 0o600)
				}
				if err == nil {
					err = h.RemoveWork(operation)
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

func TestSpan(t *testing.T) {
	t.Parallel()
	h := twoLinks(t)
	if from, to, err := h.Span("inc"); err != nil || from != 100 || to != 150 {
		t.Errorf("%d to %d, %v", from, to, err)
	}
	_, _, err := h.Span("nonsense")
	testkit.Says(t, err, "its folder "+h.Folder("nonsense")+" is missing")
	testkit.Write(t, h.Folder("foreign"), map[string]string{"file": ""})
	_, _, err = h.Span("foreign")
	testkit.Says(t, err, "xtrabackup_checkpoints is missing")
}
