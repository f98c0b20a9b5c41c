package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/testkit"
	storetest "dbcalm-db-cmd/steps/testkit/store"
)

func TestOneDaemonToAStore(t *testing.T) {
	t.Parallel()
	k := storetest.New(t)
	other := &store.Store{BackupDir: k.Backups.BackupDir, Catalog: k.Records}
	k.Must(k.Backups.Lock())
	k.Must(k.Backups.Lock())
	err := other.Lock()
	if _, locked := errors.AsType[*disk.LockedError](err); !locked {
		t.Fatalf("a second daemon: %v", err)
	}
	testkit.Says(t, err, "another daemon (process ",
		") already works on backup_dir "+k.Backups.BackupDir+": give each a backup_dir of its own")
	_, err = other.MakeWork("op", 1)
	testkit.Says(t, err, "another daemon (process ")
	// Nobody takes it for a backup or for something left over.
	k.TwoLinks()
	folders, err := k.Backups.Survey(t.Context(), func(string) bool { return true })
	if err != nil || len(folders) != 2 {
		t.Errorf("%+v, %v", folders, err)
	}
	if left, err := k.Backups.Leftovers(); err != nil || len(left) != 0 {
		t.Errorf("%+v, %v", left, err)
	}
	k.Backups.Unlock()
	k.Backups.Unlock()
	k.Must(other.Lock())
	other.Unlock()
}

// A store's disk is mounted after the daemon has started, or another in its
// place.
func TestStoreIsLockedWhenItAppears(t *testing.T) {
	t.Parallel()
	k := storetest.New(t)
	k.Must(os.Remove(k.Backups.BackupDir))
	k.Must(k.Backups.Lock())
	for range 2 {
		k.Must(os.RemoveAll(k.Backups.BackupDir))
		k.Must(os.Mkdir(k.Backups.BackupDir, 0o750))
		_, err := k.Backups.MakeWork("op", 1)
		k.Must(err)
		other := &store.Store{BackupDir: k.Backups.BackupDir}
		if _, locked := errors.AsType[*disk.LockedError](other.Lock()); !locked {
			t.Error("the store that has appeared is not locked")
		}
	}
	k.Backups.Unlock()
}

// Who may write to the store may put something in the lock's place.
func TestLockOfAStoreThatIsNoFile(t *testing.T) {
	t.Parallel()
	for name, place := range map[string]func(mine, path string) error{
		"link":        os.Symlink,
		"second name": os.Link,
		"pipe":        func(_, path string) error { return unix.Mkfifo(path, 0o600) },
	} {
		k := storetest.New(t)
		mine := filepath.Join(k.Dir, "mine")
		k.Must(os.WriteFile(mine, []byte("mine"), 0o600))
		k.Must(place(mine, filepath.Join(k.Backups.BackupDir, ".lock")))
		testkit.Says(t, k.Backups.Lock(), "lock backup_dir: ", "find out who made it, then remove it")
		if text, err := os.ReadFile(mine); err != nil || string(text) != "mine" {
			t.Errorf("%s: the file became %q, %v", name, text, err)
		}
	}
}
