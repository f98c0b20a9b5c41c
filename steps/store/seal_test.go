package store_test

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"dbcalm-db-cmd/steps/digest"
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

// What was hashed while the tool worked is not hashed again, unless it has
// changed since or the list of it is lost.
func TestSealTakesDigestsOfTheSameVersion(t *testing.T) {
	t.Parallel()
	work := filepath.Join(t.TempDir(), "work")
	testkit.Write(t, work, map[string]string{"kept": "kept", "db/changed": "first", "new": "new"})
	list := digest.List{}
	for _, name := range []string{"kept", "db/changed"} {
		info, err := os.Lstat(filepath.Join(work, name))
		if err != nil {
			t.Fatal(err)
		}
		version, _ := disk.VersionOf(info)
		testkit.Eventually(t, "a change is seen", version.Settled)
		list[name] = digest.Digest{Version: version, SHA256: "taken before", Data: version.Size}
	}
	if err := list.Write(store.DigestsFile(work)); err != nil {
		t.Fatal(err)
	}
	testkit.Write(t, work, map[string]string{"db/changed": "other"})
	sealed := func() map[string]string {
		t.Helper()
		files, _, err := store.SealTree(t.Context(), work, 2, store.DescribeHashed(work))
		if err != nil {
			t.Fatal(err)
		}
		sums := map[string]string{}
		for _, f := range files {
			sums[f.Path] = f.SHA256
		}
		return sums
	}
	got, want := sealed(), map[string]string{"kept": "taken before", "db/changed": sumOf("other"), "new": sumOf("new")}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	testkit.Write(t, filepath.Dir(work), map[string]string{"work.digests.json": "{"})
	if got := sealed()["kept"]; got != sumOf("kept") {
		t.Errorf("without the list: got %s", got)
	}
}

func sumOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
