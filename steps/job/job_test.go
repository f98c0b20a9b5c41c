package job

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/testkit"
)

func TestJobFolders(t *testing.T) {
	t.Parallel()
	h := newYard(t)
	if folders, err := h.Folders(); err != nil || len(folders) > 0 {
		t.Errorf("before the first: %q, %v", folders, err)
	}
	folder := h.Folder("0b0e2c1a-0000-4000-8000-1234567890ab", 7)
	spec := Spec{Path: "/bin/true", Args: []string{"a b"}, Dir: "/", Output: h.files, Grace: time.Second}
	for range 2 {
		if err := h.Create(folder, spec); err != nil {
			t.Fatal(err)
		}
	}
	testkit.Write(t, h.jobsDir(), map[string]string{"notes/file": ""})
	info, err := os.Stat(folder)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder: %v, %v", info.Mode(), err)
	}
	var read Spec
	if err := disk.ReadJSON(filepath.Join(folder, SpecFile), maxFile, &read); err != nil || read.Line() != "/bin/true 'a b'" ||
		read.Grace != time.Second {
		t.Errorf("the spec: %+v, %v", read, err)
	}
	if folders, err := h.Folders(); err != nil || len(folders) != 1 || folders[0] != folder {
		t.Errorf("listed: %q, %v", folders, err)
	}
	for range 2 {
		if err := h.Remove(folder); err != nil {
			t.Error(err)
		}
	}
	for _, other := range []string{h.StateDir, h.jobsDir(), h.files, filepath.Join(folder, "below")} {
		testkit.Says(t, h.Remove(other), other+" is not one")
	}
	if got := testkit.Tree(t, h.jobsDir()); len(got) != 2 {
		t.Errorf("left: %v", got)
	}
}

func TestResultIsRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := ReadResult(dir); !errors.Is(err, ErrNoResult) {
		t.Errorf("none: %v", err)
	}
	testkit.Write(t, dir, map[string]string{resultFile: `{"exit_code":3,"tail":"bye"}`})
	if r, err := ReadResult(dir); err != nil || r.ExitCode != 3 || r.Tail != "bye" {
		t.Errorf("got %+v, %v", r, err)
	}
	testkit.Write(t, dir, map[string]string{resultFile: `{"exit_code":`})
	_, err := ReadResult(dir)
	testkit.Says(t, err, "read "+filepath.Join(dir, resultFile))
	if errors.Is(err, ErrNoResult) {
		t.Errorf("a damaged result is none: %v", err)
	}
}
