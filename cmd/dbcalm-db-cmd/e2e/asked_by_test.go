package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"dbcalm-db-cmd/machine/api"
)

// cliAs runs the program as another user, who is in no group of this test's.
func (w *world) cliAs(uid uint32, args ...string) (stdout, stderr string, code int) {
	w.t.Helper()
	cmd := exec.Command(w.program, append(args, "--socket", w.socket)...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.Dir = &out, &errs, "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		w.t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// TestWhoAsked is remembered with the operation, and who may not ask is refused,
// whatever the socket's mode lets them do. Root makes the other users; another
// user is the only one there is, and what the daemon refuses to strangers is
// then left to the tests of its socket.
func TestWhoAsked(t *testing.T) {
	t.Parallel()
	const guest, other = 12345, 12346
	asker, ask := uint32(os.Getuid()), func(w *world, args ...string) (string, string, int) { return w.cli(args...) }
	if os.Geteuid() == 0 {
		asker, ask = guest, func(w *world, args ...string) (string, string, int) { return w.cliAs(guest, args...) }
	}
	w := newWorld(t, worldOptions{config: map[string]string{"socket_mode": `"0666"`, "allowed_users": fmt.Sprintf(`[%d]`, guest),
		"restore_users": "[0]"}})
	for _, folder := range []string{w.dir, filepath.Dir(w.program)} {
		if err := os.Chmod(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	w.start()
	out, errs, code := ask(w, "backup", "full", "b")
	if code != 0 {
		t.Fatalf("%d: %s", code, errs)
	}
	id := strings.TrimSpace(out)
	w.succeeded(id)
	out, _, _ = w.cli("operations", "show", id, "--json")
	var v api.OperationView
	err := json.Unmarshal([]byte(out), &v)
	if err != nil || v.AskedBy == nil || v.AskedBy.UID != asker || v.AskedBy.PID <= 0 || v.AskedBy.Program != w.program {
		t.Errorf("asked by %+v, %v", v.AskedBy, err)
	}
	if out, _, _ = w.cli("operations", "show", id); !strings.Contains(out, "\nAsked by   "+v.AskedBy.String()+"\n") {
		t.Error(out)
	}
	if log, err := os.ReadFile(w.daemon.log); err != nil || !strings.Contains(string(log), `"asked_by":"`+v.AskedBy.String()+`"`) {
		t.Errorf("the log does not tell: %v\n%s", err, w.daemonLog())
	}
	if os.Geteuid() != 0 {
		return
	}
	for _, args := range [][]string{{"restore", "b", "--target", "folder"}, {"backups", "delete", "b"}} {
		_, errs, code = w.cliAs(guest, args...)
		if code != 5 || !strings.Contains(errs, "user 12345 may not restore or delete backups: add it to restore_users") {
			t.Errorf("%v: %d: %s", args, code, errs)
		}
	}
	_, errs, code = w.cliAs(other, "operations", "list")
	if code != 5 || !strings.Contains(errs, "user 12346 may not use this daemon: add it to allowed_users") {
		t.Errorf("%d: %s", code, errs)
	}
	w.succeeded(w.restore(api.TargetFolder, "b"))
}
