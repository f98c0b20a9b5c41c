package server

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/testkit"
)

// owner is a user without a name, to whom a test gives a data directory.
const owner = 64647

// ownedDataDir is a data directory of an unprivileged user, and a folder beside
// it that only root may enter.
func ownedDataDir(t *testing.T) (dir, private string) {
	t.Helper()
	if !job.CanLend() {
		t.Fatal("these tests take on the rights of another user: run them as root")
	}
	k := testkit.NewTest(t, "data", "private")
	k.Must(errors.Join(os.Chmod(filepath.Dir(k.Dir), 0o711), os.Chmod(k.Dir, 0o711)))
	dir, private = filepath.Join(k.Dir, "data"), filepath.Join(k.Dir, "private")
	testkit.Write(t, dir, map[string]string{"ibdata1": "", "shop/orders.ibd": "", "shop/notes.frm": "", "debian.flag": ""})
	testkit.Write(t, private, map[string]string{"shadow": "s3cret", "shop/t.CSV": ""})
	for _, name := range []string{"", "ibdata1", "shop", "shop/orders.ibd", "shop/notes.frm"} {
		k.Must(os.Lchown(filepath.Join(dir, name), owner, owner))
	}
	k.Must(os.Chmod(private, 0o700))
	k.Must(os.Chmod(filepath.Join(private, "shadow"), 0o600))
	return dir, private
}

func TestWhatTheOwnerMayNotReadIsRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		put  func(dir, private string) error
		want string
	}{
		"nothing": {func(string, string) error { return nil }, ""},
		"a link to a root-only file": {func(dir, private string) error {
			return os.Symlink(filepath.Join(private, "shadow"), filepath.Join(dir, "shop", "loot.CSV"))
		}, "shop/loot.CSV"},
		"a database folder that is a link": {func(dir, private string) error {
			return os.Symlink(filepath.Join(private, "shop"), filepath.Join(dir, "other"))
		}, "other"},
		"a table elsewhere": {func(dir, private string) error {
			return os.WriteFile(filepath.Join(dir, "shop", "far.isl"), []byte(filepath.Join(private, "shadow")), 0o644)
		}, "shop/far.isl"},
		"a root-only file": {func(dir, _ string) error {
			return os.WriteFile(filepath.Join(dir, "shop", "mine.MYD"), nil, 0o600)
		}, "shop/mine.MYD"},
		"the system tablespace": {func(dir, private string) error {
			return errors.Join(os.Remove(filepath.Join(dir, "ibdata1")), os.Symlink(filepath.Join(private, "shadow"), filepath.Join(dir, "ibdata1")))
		}, "ibdata1"},
		"what no tool copies": {func(dir, _ string) error {
			return os.WriteFile(filepath.Join(dir, "shop", "dump.sql"), nil, 0o600)
		}, ""},
		"root's own folder of a disk": {func(dir, _ string) error { return os.Mkdir(filepath.Join(dir, LostAndFound), 0o700) }, ""},
		"a link that leads nowhere":   {func(dir, _ string) error { return os.Symlink("/nowhere", filepath.Join(dir, "shop", "t.ibd")) }, ""},
		"the data directory itself":   {func(dir, _ string) error { return os.Chmod(dir, 0) }, "."},
		"a pipe nobody writes to": {func(dir, _ string) error {
			pipe := filepath.Join(dir, "shop", "t.CSV")
			return errors.Join(unix.Mkfifo(pipe, 0o600), os.Lchown(pipe, owner, owner))
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, private := ownedDataDir(t)
			if err := test.put(dir, private); err != nil {
				t.Fatal(err)
			}
			err := (&Server{DataDir: dir}).CheckReadable(dir)
			if test.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			testkit.Says(t, err, "user 64647 may not read "+filepath.Join(dir, test.want)+": find out who put it there")
			if !errors.Is(err, errForeign) {
				t.Errorf("%v is no errForeign", err)
			}
		})
	}
}

// The thread that looked has its own rights again.
func TestRightsComeBack(t *testing.T) {
	t.Parallel()
	_, private := ownedDataDir(t)
	for range 8 {
		err := asUser(syscall.Credential{Uid: owner, Gid: owner}, func() error {
			_, err := os.ReadFile(filepath.Join(private, "shadow"))
			if !errors.Is(err, os.ErrPermission) {
				t.Errorf("another's rights: %v", err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.ReadFile(filepath.Join(private, "shadow")); err != nil {
			t.Error(err)
		}
	}
}

// Fifty thousand tables are to be looked at within two seconds; here are a tenth
// of them.
func TestReadableIsFoundQuickly(t *testing.T) {
	dir, _ := ownedDataDir(t)
	for d := range 10 {
		folder := filepath.Join(dir, fmt.Sprintf("db%d", d))
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		for i := range 500 {
			for _, end := range []string{".ibd", ".frm"} {
				f, err := os.Create(filepath.Join(folder, fmt.Sprintf("t%d%s", i, end)))
				if err != nil {
					t.Fatal(err)
				}
				if err := errors.Join(f.Chown(owner, owner), f.Close()); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	began := used(t)
	if err := (&Server{DataDir: dir}).CheckReadable(dir); err != nil {
		t.Fatal(err)
	}
	limit := 200 * time.Millisecond
	if testkit.RaceDetector {
		limit *= 5
	}
	if took := used(t) - began; took > limit {
		t.Errorf("it took %s", took)
	}
}

// used is the time this process has worked: others may keep it waiting.
func used(t *testing.T) time.Duration {
	t.Helper()
	var usage unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(unix.TimevalToNsec(usage.Utime) + unix.TimevalToNsec(usage.Stime))
}
