package steps

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/place"
	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/testkit"
	disktest "dbcalm-db-cmd/steps/testkit/disk"
)

// TestFileIDOutlivesReboot recognises a file by what was stored of it, in
// which nothing depends on the boot, wherever it has been renamed to.
func TestFileIDOutlivesReboot(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	testkit.Write(t, dir, map[string]string{"a": "", "other": ""})
	id, err := disk.IDOf(filepath.Join(dir, "a"))
	if err != nil {
		t.Fatal(err)
	}
	var stored disk.FileID
	if err := json.Unmarshal(fmt.Appendf(nil, `{"inode": %d, "birth": %d}`, id.Inode, id.Birth), &stored); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "a"), filepath.Join(dir, "b")); err != nil {
		t.Fatal(err)
	}
	if !stored.Is(filepath.Join(dir, "b")) {
		t.Errorf("%+v is not recognised by %+v", id, stored)
	}
	for _, name := range []string{"a", "other"} {
		if stored.Is(filepath.Join(dir, name)) {
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
	task := Task{Operation: "op",
		Args: Args{IDList: []string{"full", "inc"}, Target: "folder", TmpDir: filepath.Join(h.Store.BackupDir, "restores", "x")}}
	expect := func(what, mode, target, stage string) {
		t.Helper()
		p, err := h.restores().planPlacement(task)
		if err != nil || p.Mode != mode || p.Target != target || p.Stage != stage || p.Folder != nil || p.Entries != nil {
			t.Errorf("%s: %+v, %v; want %s into %s from %s", what, p, err, mode, target, stage)
		}
	}
	expect("a folder", place.Folder, filepath.Join(task.Args.TmpDir, "full"), filepath.Join(h.Store.BackupDir, ".partial", "op-stage"))
	task.Args.Target = "database"
	expect("a plain data directory", place.Swap, h.Server.DataDir, filepath.Join(h.Dir, ".data.dbcalm-op"))
	data := h.Server.DataDir
	inside := func() string { return filepath.Join(h.Server.DataDir, ".dbcalm-op") }

	h.Server.DataDir = filepath.Join(h.Dir, "link")
	h.Must(os.Symlink(data, h.Server.DataDir))
	expect("a link to one", place.Swap, data, filepath.Join(h.Dir, ".data.dbcalm-op"))

	h.Server.DataDir = disktest.Small(t, 1<<20)
	expect("a disk of its own", place.Entries, h.Server.DataDir, inside())
	h.Server.DataDir = filepath.Join(h.Server.DataDir, "data")
	h.Must(os.Mkdir(h.Server.DataDir, 0o700))
	expect("a folder on that disk", place.Swap, h.Server.DataDir, filepath.Join(filepath.Dir(h.Server.DataDir), ".data.dbcalm-op"))

	h.Server.DataDir = filepath.Join(h.Dir, "bound to itself")
	h.Must(os.Mkdir(h.Server.DataDir, 0o700))
	disktest.Bind(t, h.Server.DataDir)
	expect("a mount point on the parent's disk", place.Entries, h.Server.DataDir, inside())

	h.Server.DataDir = filepath.Join(h.Dir, "disk")
	h.Must(os.MkdirAll(filepath.Join(h.Server.DataDir, "lost+found"), 0o700))
	expect("with lost+found", place.Entries, h.Server.DataDir, inside())

	h.Server.DataDir = filepath.Join(h.Dir, "nowhere")
	if _, err := h.restores().planPlacement(task); !errors.Is(err, server.ErrDataDir) {
		t.Errorf("a missing one: %v", err)
	}
}

// A data directory may have a name with no room for more: then its stage is in it.
func TestLongNameOfTheDataDirectory(t *testing.T) {
	t.Parallel()
	for length, mode := range map[int]string{20: place.Swap, 200: place.Swap, 201: place.Entries, 240: place.Entries,
		disk.MaxName: place.Entries} {
		dir := filepath.Join(t.TempDir(), strings.Repeat("d", length))
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		p, err := place.InDataDir(dir, "01234567-89ab-cdef-0123-456789abcdef")
		if err != nil || p.Mode != mode {
			t.Fatalf("%d bytes: %+v, %v", length, p, err)
		}
		if err := errors.Join(os.Mkdir(p.Stage, 0o700), os.Mkdir(p.Aside(), 0o700)); err != nil {
			t.Errorf("%d bytes: %v", length, err)
		}
	}
}
