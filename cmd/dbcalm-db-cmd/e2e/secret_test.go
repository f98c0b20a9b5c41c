package e2e

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"dbcalm-db-cmd/machine/api"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// filesWith lists the files below a folder that hold a text.
func filesWith(t testing.TB, dir, text string) (list []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if bytes.Contains(content, []byte(text)) {
			list = append(list, path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return list
}

// TestPasswordIsNowhere looks for the password in every file of the daemon and
// on every command line, while the tools work and afterwards, when they
// succeed and when they fail and say it aloud.
func TestPasswordIsNowhere(t *testing.T) {
	t.Parallel()
	const password = "s3cr3t-in-no-file"
	w := newWorld(t, worldOptions{server: []mariadbtest.Option{mariadbtest.WithUser("keeper", password)}})
	holdBackup, holdPrepare := w.newGate("backup"), w.newGate("prepare")
	w.useTool(fmt.Sprintf(`case $doing in
backup) %s ;;
prepare) %s ;;
esac
case $target in */.partial/*) [ ! -e %s ] || { echo "error: cannot log in with password %s" >&2; exit 1; } ;; esac`,
		holdBackup.wait(), holdPrepare.wait(), filepath.Join(w.dir, "fail"), password))
	w.start()
	look := func(when string) {
		t.Helper()
		for _, p := range w.processes() {
			environment, _ := os.ReadFile(fmt.Sprintf("/proc/%d/environ", p.pid))
			if text := fmt.Sprint(p.args); bytes.Contains([]byte(text), []byte(password)) || bytes.Contains(environment, []byte(password)) {
				t.Errorf("%s: process %d was given it: %s", when, p.pid, text)
			}
		}
		for _, dir := range []string{w.stateDir, w.backupDir} {
			if list := filesWith(t, dir, password); len(list) > 0 {
				t.Errorf("%s: it is in %v", when, list)
			}
		}
		for _, path := range []string{w.database, w.database + "-wal", w.daemon.log, w.config} {
			content, err := os.ReadFile(path)
			if err != nil || bytes.Contains(content, []byte(password)) {
				t.Errorf("%s: it is in %s, %v", when, path, err)
			}
		}
	}
	full := w.full("full")
	w.eventually("the tool copies", holdBackup.reached)
	if jobs := entries(t, filepath.Join(w.stateDir, "jobs")); len(jobs) != 1 {
		t.Errorf("job folders: %v", jobs)
	}
	look("while the tool copies")
	holdBackup.open(t)
	w.succeeded(full)
	restore := w.restore(api.TargetFolder, "full")
	w.eventually("the tool prepares", holdPrepare.reached)
	look("while the tool prepares")
	holdPrepare.open(t)
	w.succeeded(restore)
	if err := os.WriteFile(filepath.Join(w.dir, "fail"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	w.failed(w.full("failing"), "cannot log in with password ***")
	look("at last")
}
