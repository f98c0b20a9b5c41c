package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestLockStateIsHeldOnce(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "dbcalm", "db-cmd")
	lock, err := lockState(dir)
	if err != nil {
		t.Fatal(err)
	}
	if second, err := lockState(dir); exitCode(err) != exitRunning {
		t.Errorf("a second lock: %v, %v", second, err)
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := lockState(dir)
	if err != nil {
		t.Fatalf("after the first was closed: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

// By default the state directory lies in the folder of the database that the
// API server, another user, reads.
func TestLockStateLeavesTheFolderAroundItOpenToTheGroup(t *testing.T) {
	t.Parallel()
	around := filepath.Join(t.TempDir(), "dbcalm")
	lock, err := lockState(filepath.Join(around, "db-cmd"))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	for path, want := range map[string]os.FileMode{around: 0o050, filepath.Join(around, "db-cmd"): 0} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm() & 0o050; got != want {
			t.Errorf("%s: the group may %03o, want %03o", path, got, want)
		}
	}
}
