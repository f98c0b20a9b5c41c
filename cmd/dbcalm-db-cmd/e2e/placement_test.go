package e2e

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"dbcalm-db-cmd/machine/api"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// TestRestoreKeepsOwnerAndMode gives everything that is restored to the owner
// of the data directory, whose mode stays.
func TestRestoreKeepsOwnerAndMode(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.start()
	w.succeeded(w.full("full"))
	w.db.Stop()
	w.loseData()
	uid, gid := os.Getuid(), os.Getgid()
	if uid == 0 {
		const nobody = 65534
		uid, gid = nobody, nobody
	}
	if err := os.Chown(w.db.DataDir, uid, gid); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(w.db.DataDir, 0o751); err != nil {
		t.Fatal(err)
	}
	w.succeeded(w.restore(api.TargetDatabase, "full"))
	err := filepath.WalkDir(w.db.DataDir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := os.Lstat(path)
		if err != nil {
			return err
		}
		if st := info.Sys().(*syscall.Stat_t); int(st.Uid) != uid || int(st.Gid) != gid {
			t.Errorf("%s belongs to %d:%d", path, st.Uid, st.Gid)
		}
		if path == w.db.DataDir && info.Mode().Perm() != 0o751 {
			t.Errorf("the data directory's mode is %s", info.Mode())
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	w.db.Start()
}

// TestRestoreThroughSymlink restores into the folder that data_dir points to
// and leaves the link as it is.
func TestRestoreThroughSymlink(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	link := filepath.Join(w.dir, "data")
	if err := os.Symlink(w.db.DataDir, link); err != nil {
		t.Fatal(err)
	}
	w.configure("data_dir", link)
	mariadbtest.FillTables(t, w.db.DB(), 3, 100)
	want := mariadbtest.Fingerprint(t, w.db.DB())
	w.start()
	w.succeeded(w.full("full"))
	refused(t, w.refusal(api.TargetDatabase, "full"), 503, "cannot restore to database, MySQL/MariaDb server is not stopped")
	w.db.Stop()
	w.loseData()
	v := w.succeeded(w.restore(api.TargetDatabase, "full"))
	if story := w.story(v); !strings.Contains(story, w.db.DataDir+" as a whole") {
		t.Errorf("not swapped:\n%s", story)
	}
	if to, err := os.Readlink(link); err != nil || to != w.db.DataDir {
		t.Errorf("the link is %s, %v", to, err)
	}
	w.db.Start()
	w.holds(want)
}

// TestRestoreBesideLostAndFound leaves alone what a new file system brings.
func TestRestoreBesideLostAndFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.start()
	w.succeeded(w.full("full"))
	w.db.Stop()
	w.loseData()
	found := filepath.Join(w.db.DataDir, "lost+found")
	if err := os.Mkdir(found, 0o700); err != nil {
		t.Fatal(err)
	}
	before := tree(t, found)
	w.succeeded(w.restore(api.TargetDatabase, "full"))
	unchanged(t, found, before)
	w.db.Start()
}
