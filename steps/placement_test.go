package steps

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestFileIDOutlivesReboot recognises a file by what was stored of it, in
// which nothing depends on the boot, wherever it has been renamed to.
func TestFileIDOutlivesReboot(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, map[string]string{"a": "", "other": ""})
	id, err := fileID(filepath.Join(dir, "a"))
	if err != nil {
		t.Fatal(err)
	}
	var stored FileID
	if err := json.Unmarshal(fmt.Appendf(nil, `{"inode": %d, "birth": %d}`, id.Inode, id.Birth), &stored); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "a"), filepath.Join(dir, "b")); err != nil {
		t.Fatal(err)
	}
	if !stored.is(filepath.Join(dir, "b")) {
		t.Errorf("%+v is not recognised by %+v", id, stored)
	}
	for _, name := range []string{"a", "other"} {
		if stored.is(filepath.Join(dir, name)) {
			t.Errorf("%s is taken for another file", name)
		}
	}
}
