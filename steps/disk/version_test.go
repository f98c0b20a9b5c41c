package disk

import (
	"os"
	"path/filepath"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
)

// A change after a version has settled is always seen, however soon it comes.
func TestSettledVersionsChange(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	version := func() Version {
		info, err := os.Lstat(path)
		if err != nil {
			t.Fatal(err)
		}
		v, known := VersionOf(info)
		if !known {
			t.Fatal("the system does not tell the version of a file")
		}
		return v
	}
	for i := range 50 {
		testkit.Eventually(t, "the clock goes on", func() bool { return version().Settled() })
		before := version()
		if _, err := f.WriteAt([]byte{byte(i)}, 0); err != nil {
			t.Fatal(err)
		}
		// The first of them made the file larger.
		if after := version(); after == before || before.SameContent(after) {
			t.Fatalf("after change %d the version is still %+v", i, after)
		}
	}
}
