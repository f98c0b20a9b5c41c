package store_test

import (
	"os"
	"path/filepath"
	"testing"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/testkit"
)

// What the tool has linked to the server's files is the backup's own once it is
// sealed, also when an earlier try was broken off.
func TestSealedBackupSharesNoFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	work := filepath.Join(dir, "work")
	testkit.Write(t, dir, map[string]string{"data/1.sst": "rows", "work/ibdata1": "system", "work.separate": "ro"})
	if err := os.Link(filepath.Join(dir, "data", "1.sst"), filepath.Join(work, "1.sst")); err != nil {
		t.Fatal(err)
	}
	files, _, err := store.SealTree(t.Context(), work, 2, store.DescribeFile)
	if err != nil || len(files) != 2 {
		t.Fatalf("sealed are %+v, %v", files, err)
	}
	testkit.Write(t, dir, map[string]string{"data/1.sst": "more"})
	if got := testkit.Tree(t, work); len(got) != 2 || got["1.sst"] != "rows" {
		t.Errorf("the backup holds %v", got)
	}
	if there, err := disk.Exists(work + ".separate"); err != nil || there {
		t.Errorf("left beside it: %v", err)
	}
}
