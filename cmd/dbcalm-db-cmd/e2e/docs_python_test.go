package e2e

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// manualPage is the text of a page of the manual, as it was written.
func manualPage(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../manual", name+".md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// manualPython writes the manual's Python block to a file, as a reader would
// copy it.
func manualPython(t testing.TB, dir string) string {
	t.Helper()
	_, rest, begun := strings.Cut(manualPage(t, "protocol"), "```python\n")
	block, _, ended := strings.Cut(rest, "```")
	if !begun || !ended || strings.TrimSpace(block) == "" {
		t.Fatal("the page protocol has no Python block")
	}
	path := filepath.Join(dir, "backup.py")
	if err := os.WriteFile(path, []byte(block), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestManualPython runs the manual's Python client against a daemon: for a
// backup that succeeds, one that is refused, and one that fails.
func TestManualPython(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.useTool(`case $* in */.partial/*) [ ! -e ` + w.dir + `/fail ] || { echo "broken for this test" >&2; exit 5; } ;; esac`)
	w.start()
	script := manualPython(t, w.dir)
	run := func(id string) (stdout, stderr string, code int) {
		t.Helper()
		cmd := exec.Command("python3", script, id)
		cmd.Env = append(os.Environ(), "DBCALM_SOCKET="+w.socket, "DBCALM_DATABASE="+w.database)
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		err := cmd.Run()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		return out.String(), errs.String(), cmd.ProcessState.ExitCode()
	}
	if stdout, stderr, code := run("wednesday"); stdout != "success\n" || stderr != "" || code != 0 {
		t.Errorf("exit code %d: %q, %q", code, stdout, stderr)
	}
	if there := entries(t, w.backupDir); len(there) != 1 || there[0] != "wednesday" {
		t.Errorf("the store holds %v", there)
	}
	if stdout, stderr, code := run("wednesday"); stdout != "" || stderr != "Backup with id 'wednesday' already exists\n" || code != 1 {
		t.Errorf("exit code %d: %q, %q", code, stdout, stderr)
	}
	if err := os.WriteFile(filepath.Join(w.dir, "fail"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if stdout, stderr, code := run("thursday"); stdout != "failed\n" || !strings.Contains(stderr, "broken for this test") || code != 1 {
		t.Errorf("exit code %d: %q, %q", code, stdout, stderr)
	}
}
