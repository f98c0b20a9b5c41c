package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"
	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps"
)

func TestLockStateIsHeldOnce(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "dbcalm", "db-cmd")
	if err := makeState(dir); err != nil {
		t.Fatal(err)
	}
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

// The database's lock lies where others may write.
func TestLockFollowsNoLinkOfOthers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	mine := filepath.Join(dir, "mine")
	if err := os.WriteFile(mine, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, place := range map[string]func(path string) error{
		"link":        func(path string) error { return os.Symlink(mine, path) },
		"second name": func(path string) error { return os.Link(mine, path) },
		"pipe":        func(path string) error { return unix.Mkfifo(path, 0o600) },
	} {
		database := filepath.Join(dir, name)
		if err := place(database + ".lock"); err != nil {
			t.Fatal(err)
		}
		if lock, err := lockDatabase(database); err == nil || !strings.Contains(err.Error(), "find out who made it, then remove it") {
			t.Errorf("%s: %v, %v", name, lock, err)
		}
	}
	if text, err := os.ReadFile(mine); err != nil || string(text) != "mine" {
		t.Errorf("the file became %q, %v", text, err)
	}
}

func TestLockStoreIsHeldOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, second := steps.NewHost(steps.Settings{BackupDir: dir}, nil), steps.NewHost(steps.Settings{BackupDir: dir}, nil)
	if err := lockStore(first, zerolog.Nop()); err != nil {
		t.Fatal(err)
	}
	err := lockStore(second, zerolog.Nop())
	if exitCode(err) != exitRunning || !strings.Contains(err.Error(), "already works on backup_dir "+dir) {
		t.Errorf("a second daemon: %v", err)
	}
	first.Store.Unlock()
	// Without a way to lock it, it is worked with all the same.
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := lockStore(second, zerolog.Nop()); err != nil {
		t.Error(err)
	}
}
