package disk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/testkit"
	disktest "dbcalm-db-cmd/steps/testkit/disk"
)

func TestWriteDurably(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	for _, content := range []string{"first", "second, longer", ""} {
		if err := WriteDurably(path, []byte(content), 0o640); err != nil {
			t.Fatal(err)
		}
		if got := testkit.Tree(t, dir); len(got) != 1 || got["file"] != content {
			t.Errorf("after %q: %v", content, got)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("mode is %v, %v", info.Mode(), err)
	}
	// What a crash left of an earlier try is no obstacle.
	testkit.Write(t, dir, map[string]string{"file.tmp": "half of some"})
	if err := WriteDurably(path, []byte("third"), 0o640); err != nil {
		t.Fatal(err)
	}
	if got := testkit.Tree(t, dir); len(got) != 1 || got["file"] != "third" {
		t.Errorf("after a crash: %v", got)
	}
	if err := WriteDurably(filepath.Join(dir, "missing", "file"), nil, 0o640); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("into a missing folder: %v", err)
	}
}

func TestWriteDurablyOnAFullDisk(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	if !disktest.Enter(t) {
		return
	}
	dir := disktest.Small(t, 1<<20)
	path := filepath.Join(dir, "file")
	if err := WriteDurably(path, []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}
	free := disktest.Fill(t, dir)
	if err := WriteDurably(path, make([]byte, 1<<16), 0o600); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("got %v", err)
	}
	free()
	if got := testkit.Tree(t, dir); len(got) != 1 || got["file"] != "before" {
		t.Errorf("after the failure there are %d files, and the old one holds %q", len(got), got["file"])
	}
}

func TestRenameNewReplacesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	testkit.Write(t, dir, map[string]string{"file": "a", "other": "b", "folder/x": "c"})
	for _, name := range []string{"empty", "link"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o750); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	before := testkit.Tree(t, dir)
	for _, from := range []string{"file", "folder"} {
		for _, to := range []string{"other", "folder", "empty", "link"} {
			if err := RenameNew(filepath.Join(dir, from), filepath.Join(dir, to)); !errors.Is(err, fs.ErrExist) {
				t.Errorf("%s to %s: %v", from, to, err)
			}
		}
	}
	if after := testkit.Tree(t, dir); len(after) != len(before) || after["other"] != "b" || after["folder/x"] != "c" {
		t.Errorf("refused renames left %v", after)
	}
	if err := RenameNew(filepath.Join(dir, "folder"), filepath.Join(dir, "new")); err != nil {
		t.Error(err)
	}
	if got := testkit.Tree(t, dir); got["new/x"] != "c" {
		t.Errorf("renamed: %v", got)
	}
	if err := RenameNew(filepath.Join(dir, "folder"), filepath.Join(dir, "again")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what is not there: %v", err)
	}
}

func TestSyncSaysWhatItCannotReach(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	testkit.Write(t, dir, map[string]string{"file": "a"})
	for name, sync := range map[string]func(string) error{"folder": SyncDir, "file": SyncFile, "file system": SyncFileSystem} {
		if err := sync(filepath.Join(dir, "nowhere")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, err := range map[string]error{"folder": SyncDir(dir), "file": SyncFile(filepath.Join(dir, "file")),
		"file system": SyncFileSystem(dir)} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestExists(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	testkit.Write(t, dir, map[string]string{"file": ""})
	if err := os.Symlink("nowhere", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"file": true, "link": true, "none": false} {
		if there, err := Exists(filepath.Join(dir, name)); err != nil || there != want {
			t.Errorf("%s: %t, %v", name, there, err)
		}
	}
	if _, err := Exists(filepath.Join(dir, "file", "below")); err == nil {
		t.Error("below a file: no error")
	}
}

func TestMakeFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "a", "b", "c")
	for range 2 {
		if err := MakeFolder(path, 0o750); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(path); err != nil || !info.IsDir() || info.Mode().Perm() != 0o750 {
		t.Errorf("made is %v, %v", info, err)
	}
	testkit.Write(t, dir, map[string]string{"file": ""})
	if err := MakeFolder(filepath.Join(dir, "file", "below"), 0o750); err == nil {
		t.Error("a folder was made below a file")
	}
}

// A watch is that of its first beginning until it is released.
func TestWatchesAreHeld(t *testing.T) {
	t.Parallel()
	var w Watches
	dir := t.TempDir()
	if w.Of("a") != nil {
		t.Error("there is a watch before there is one")
	}
	if err := w.Begin("a", filepath.Join(dir, "nowhere")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if err := w.Begin("a", dir); err != nil {
		t.Fatal(err)
	}
	held := w.Of("a")
	if err := w.Begin("a", filepath.Join(dir, "nowhere")); err != nil || w.Of("a") != held || held == nil {
		t.Errorf("begun again: %v, %v", w.Of("a"), err)
	}
	if err := w.Sync("a", filepath.Join(dir, "nowhere")); err != nil {
		t.Errorf("what is watched: %v", err)
	}
	if err := w.Sync("b", filepath.Join(dir, "nowhere")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what is not watched: %v", err)
	}
	for range 2 {
		w.Release("a")
	}
	if w.Of("a") != nil {
		t.Error("it is still there")
	}
}
