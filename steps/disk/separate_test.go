package disk

import (
	"os"
	"path/filepath"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
)

func TestSeparatedFileHasOneName(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	testkit.Write(t, dir, map[string]string{"server/1.sst": "rows", "backup/alone": "x"})
	here := filepath.Join(dir, "backup", "1.sst")
	if err := os.Link(filepath.Join(dir, "server", "1.sst"), here); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"1.sst", "alone"} {
		if err := Separate(filepath.Join(dir, "backup"), name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	testkit.Write(t, dir, map[string]string{"server/1.sst": "other"})
	if got := testkit.Tree(t, filepath.Join(dir, "backup")); len(got) != 2 || got["1.sst"] != "rows" || got["alone"] != "x" {
		t.Errorf("the backup holds %v", got)
	}
	if text, err := ReadSmall(filepath.Join(dir, "backup"), "1.sst", 10); err != nil || string(text) != "rows" {
		t.Errorf("read again: %q, %v", text, err)
	}
	if err := Separate(dir, "none"); !os.IsNotExist(err) {
		t.Errorf("of a file that is not there: %v", err)
	}
}
