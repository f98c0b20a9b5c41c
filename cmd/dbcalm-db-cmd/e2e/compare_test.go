package e2e

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// holds demands that the running server's tables are sound and hold exactly
// the rows that were fingerprinted.
func (w *world) holds(want map[string]string) {
	w.t.Helper()
	if err := mariadbtest.CheckTables(w.db.DB()); err != nil {
		w.t.Error(err)
	}
	if got := mariadbtest.Fingerprint(w.t, w.db.DB()); !maps.Equal(got, want) {
		w.t.Errorf("the rows differ:\n got %v\nwant %v", got, want)
	}
}

// tree describes everything below a folder, itself included: kind, mode,
// owner, inode, and of files the content.
func tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := os.Lstat(path)
		if err != nil {
			return err
		}
		if info.Name() == storeLock {
			return nil
		}
		st := info.Sys().(*syscall.Stat_t)
		text := fmt.Sprintf("%s %d:%d inode %d", info.Mode(), st.Uid, st.Gid, st.Ino)
		if info.Mode().IsRegular() {
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			text += fmt.Sprintf(" %s %x", info.ModTime(), sha256.Sum256(content))
		}
		all[path] = text
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// unchanged demands that everything below a folder is as it was.
func unchanged(t testing.TB, dir string, before map[string]string) {
	t.Helper()
	after := tree(t, dir)
	for path, was := range before {
		if is, there := after[path]; !there {
			t.Errorf("%s is gone", path)
		} else if is != was {
			t.Errorf("%s was\n%s, is\n%s", path, was, is)
		}
	}
	for path := range after {
		if _, there := before[path]; !there {
			t.Errorf("%s has appeared", path)
		}
	}
}
