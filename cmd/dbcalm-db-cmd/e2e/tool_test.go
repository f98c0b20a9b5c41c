package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"dbcalm-db-cmd/steps/testkit"

	"golang.org/x/sys/unix"
)

// realTool returns the path of the backup tool.
func realTool(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"mariadb-backup", "mariabackup"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("no mariadb-backup on PATH: install the package mariadb-backup")
	return ""
}

// fakeTool writes a program that answers --version and --help as the real tool does, and
// else runs body, in which $doing is backup or prepare, $target the target
// folder and $real the real tool. Where body falls through, the real tool
// takes over. The program goes into backup_bin.
func fakeTool(t testing.TB, dir, body string) string {
	t.Helper()
	const script = `#!/bin/sh
real=%s
for arg; do
	case $arg in
	--version | --help) exec $real "$arg" ;;
	--target-dir=*) target=${arg#*=} ;;
	--backup) doing=backup ;;
	--prepare) doing=prepare ;;
	esac
done
%s
exec $real "$@"
`
	return testkit.Program(t, filepath.Join(dir, "fake-mariadb-backup"), fmt.Sprintf(script, realTool(t), body))
}

// useTool makes a fake tool the world's backup tool. The daemon must not have
// been started yet.
func (w *world) useTool(body string) {
	w.t.Helper()
	w.configure("backup_bin", fakeTool(w.t, w.dir, body))
}

// gate holds programs back until it is opened.
type gate struct {
	path string
	hold *os.File
}

// newGate makes a closed gate and returns it.
func (w *world) newGate(name string) *gate {
	w.t.Helper()
	g := &gate{path: filepath.Join(w.dir, name)}
	if err := unix.Mkfifo(g.path, 0o600); err != nil {
		w.t.Fatal(err)
	}
	// Held for both, so that neither side ever waits to open it.
	var err error
	if g.hold, err = os.OpenFile(g.path, os.O_RDWR, 0); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = g.hold.Close() })
	return g
}

// wait is the shell text that waits at the gate. It leaves a mark, by which a
// test knows that a program has come this far.
func (g *gate) wait() string {
	return fmt.Sprintf("if [ -p %[1]s ]; then : >%[1]s.reached; read _ <%[1]s; fi", g.path)
}

// reached reports whether a program has come to the gate.
func (g *gate) reached() bool {
	_, err := os.Stat(g.path + ".reached")
	return err == nil
}

// open lets everybody pass, now and later.
func (g *gate) open(t testing.TB) {
	t.Helper()
	// Removed first: whoever has it open sees its end, nobody else finds it.
	if err := os.Remove(g.path); err != nil {
		t.Error(err)
	}
	if err := g.hold.Close(); err != nil {
		t.Error(err)
	}
}
