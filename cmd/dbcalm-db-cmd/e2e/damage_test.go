package e2e

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/machine/api"
)

// refusal sends a restore that is to be refused.
func (w *world) refusal(target api.Target, ids ...string) error {
	w.t.Helper()
	_, err := w.client.RestoreBackup(w.ctx(), api.RestoreRequest{IDList: ids, Target: target})
	return err
}

// tableFile returns a file of a table in a stored backup.
func tableFile(t testing.TB, backup string) string {
	t.Helper()
	found := ""
	err := filepath.WalkDir(filepath.Join(backup, "mysql"), func(path string, entry fs.DirEntry, err error) error {
		if info, infoErr := entry.Info(); infoErr == nil && entry.Type().IsRegular() && info.Size() > 0 && found == "" {
			found = path
		}
		return err
	})
	if err != nil || found == "" {
		t.Fatalf("no table in %s: %v", backup, err)
	}
	return found
}

// damage flips one bit in the middle of a file of a stored backup, whose size
// and time stay, and returns the file's name below it.
func damage(t testing.TB, backup string) string {
	t.Helper()
	path := tableFile(t, backup)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	content[len(content)/2] ^= 1
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(path, backup+"/")
}

// TestFailedRestoreLeavesAllAsItWas damages a chain in different ways: nothing
// is put into place, store and data directory are as before, to the inode, and
// no stage is left.
func TestFailedRestoreLeavesAllAsItWas(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	fail := filepath.Join(w.dir, "fail")
	w.useTool(`[ $doing != prepare ] || [ ! -e ` + fail + ` ] || { rm -rf $target/mysql; echo "cannot prepare this" >&2; exit 1; }`)
	w.start()
	w.succeeded(w.full("full"))
	w.succeeded(w.incremental("inc", "full"))
	w.db.Stop()
	w.loseData()
	server := tree(t, filepath.Dir(w.db.DataDir))
	failsWith := func(what string, words ...string) {
		t.Helper()
		store := tree(t, w.backupDir)
		for _, target := range []api.Target{api.TargetDatabase, api.TargetFolder} {
			w.toldEverywhere(w.failed(w.restore(target, "full", "inc"), words...))
			// To the inode; only the times of the folders around may differ.
			unchanged(t, filepath.Dir(w.db.DataDir), server)
			unchanged(t, w.backupDir, store)
		}
		if t.Failed() {
			t.Fatal(what)
		}
	}
	path := filepath.Join(w.backupDir, "inc")
	content, err := os.ReadFile(tableFile(t, path))
	if err != nil {
		t.Fatal(err)
	}
	name := damage(t, path)
	failsWith("a flipped bit", "backup 'inc' is damaged", name, "its checksum is not the recorded one", "use another chain")
	if err := os.Remove(filepath.Join(path, name)); err != nil {
		t.Fatal(err)
	}
	failsWith("a missing file", "backup 'inc' is damaged: file "+name+" is missing; use another chain")
	if err := os.WriteFile(filepath.Join(path, name), content[1:], 0o600); err != nil {
		t.Fatal(err)
	}
	failsWith("a shorter file", "backup 'inc' is damaged: file "+name+" has ", "use another chain")
	if err := os.WriteFile(filepath.Join(path, name), content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(fail, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	failsWith("a tool that fails", "preparing backup 'full', failed with exit code 1", "cannot prepare this")
	if err := os.Remove(fail); err != nil {
		t.Fatal(err)
	}
	aside := filepath.Join(w.dir, "aside")
	if err := os.Rename(filepath.Join(w.backupDir, "full"), aside); err != nil {
		t.Fatal(err)
	}
	_, err = w.client.RestoreBackup(w.ctx(), api.RestoreRequest{IDList: []string{"full", "inc"}, Target: api.TargetDatabase})
	refused(t, err, 404, "Backup with id 'full' not found: its record is there, its folder "+filepath.Join(w.backupDir, "full")+" is gone")
	if err := os.Rename(aside, filepath.Join(w.backupDir, "full")); err != nil {
		t.Fatal(err)
	}
	w.succeeded(w.restore(api.TargetDatabase, "full", "inc"))
	w.db.Start()
}
