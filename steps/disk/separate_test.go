package disk

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
)

func TestSeparatedFileHasOneName(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	// As long as a name can be.
	long := strings.Repeat("x", MaxName)
	testkit.Write(t, dir, map[string]string{"server/1.sst": "rows", "server/" + long: "rows", "backup/alone": "x"})
	for _, name := range []string{"1.sst", long} {
		if err := os.Link(filepath.Join(dir, "server", name), filepath.Join(dir, "backup", name)); err != nil {
			t.Fatal(err)
		}
	}
	temporary := filepath.Join(dir, "temporary")
	for _, name := range []string{"1.sst", long, "alone"} {
		if err := Separate(filepath.Join(dir, "backup"), name, temporary); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	testkit.Write(t, dir, map[string]string{"server/1.sst": "other", "server/" + long: "other"})
	if got := testkit.Tree(t, filepath.Join(dir, "backup")); len(got) != 3 || got["1.sst"] != "rows" ||
		got[long] != "rows" || got["alone"] != "x" {
		t.Errorf("the backup holds %v", got)
	}
	if text, err := ReadSmall(filepath.Join(dir, "backup"), "1.sst", 10); err != nil || string(text) != "rows" {
		t.Errorf("read again: %q, %v", text, err)
	}
	if err := Separate(dir, "none", temporary); !os.IsNotExist(err) {
		t.Errorf("of a file that is not there: %v", err)
	}
}
