package steps

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
	disktest "dbcalm-db-cmd/steps/testkit/disk"
)

// TestFileIDOutlivesReboot recognises a file by what was stored of it, in
// which nothing depends on the boot, wherever it has been renamed to.
func TestFileIDOutlivesReboot(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	testkit.Write(t, dir, map[string]string{"a": "", "other": ""})
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

func TestPlacementIsPlanned(t *testing.T) {
	t.Parallel()
	if !disktest.Enter(t) {
		return
	}
	h := newHost(t)
	task := Task{Operation: "op", Args: Args{IDList: []string{"full", "inc"}, Target: "folder", TmpDir: filepath.Join(h.BackupDir, "restores", "x")}}
	expect := func(what, mode, target, stage string) {
		t.Helper()
		p, err := h.planPlacement(task)
		if err != nil || p.Mode != mode || p.Target != target || p.Stage != stage || p.Folder != nil || p.Entries != nil {
			t.Errorf("%s: %+v, %v; want %s into %s from %s", what, p, err, mode, target, stage)
		}
	}
	expect("a folder", PlaceFolder, filepath.Join(task.Args.TmpDir, "full"), filepath.Join(h.BackupDir, ".partial", "op-stage"))
	task.Args.Target = "database"
	expect("a plain data directory", PlaceSwap, h.DataDir, filepath.Join(h.Dir, ".data.dbcalm-op"))
	data := h.DataDir
	inside := func() string { return filepath.Join(h.DataDir, ".dbcalm-op") }

	h.DataDir = filepath.Join(h.Dir, "link")
	h.Must(os.Symlink(data, h.DataDir))
	expect("a link to one", PlaceSwap, data, filepath.Join(h.Dir, ".data.dbcalm-op"))

	h.DataDir = disktest.Small(t, 1<<20)
	expect("a disk of its own", PlaceEntries, h.DataDir, inside())
	h.DataDir = filepath.Join(h.DataDir, "data")
	h.Must(os.Mkdir(h.DataDir, 0o700))
	expect("a folder on that disk", PlaceSwap, h.DataDir, filepath.Join(filepath.Dir(h.DataDir), ".data.dbcalm-op"))

	h.DataDir = filepath.Join(h.Dir, "bound to itself")
	h.Must(os.Mkdir(h.DataDir, 0o700))
	disktest.Bind(t, h.DataDir)
	expect("a mount point on the parent's disk", PlaceEntries, h.DataDir, inside())

	h.DataDir = filepath.Join(h.Dir, "disk")
	h.Must(os.MkdirAll(filepath.Join(h.DataDir, "lost+found"), 0o700))
	expect("with lost+found", PlaceEntries, h.DataDir, inside())

	h.DataDir = filepath.Join(h.Dir, "nowhere")
	if _, err := h.planPlacement(task); !errors.Is(err, ErrDataDir) {
		t.Errorf("a missing one: %v", err)
	}
}
