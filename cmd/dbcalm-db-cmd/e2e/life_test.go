package e2e

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"dbcalm-db-cmd/machine/api"
)

// TestSecondDaemon gives way to the one that runs on the same state, with a
// clear error, and leaves that one's sockets alone.
func TestSecondDaemon(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	legacy := filepath.Join(w.dir, "legacy")
	w.configure("legacy_socket_path", legacy)
	if err := os.MkdirAll(w.backupDir, 0o750); err != nil {
		t.Fatal(err)
	}
	w.start()
	pid := w.daemon.cmd.Process.Pid
	for _, args := range [][]string{nil, {"serve"}} {
		stdout, stderr, code := w.cli(args...)
		want := fmt.Sprintf("another daemon (process %d) already runs on %s: stop it first", pid, w.stateDir)
		if code != 6 || stdout != "" || !strings.Contains(stderr, want) {
			t.Errorf("%v: exit code %d\n%s%s", args, code, stdout, stderr)
		}
	}
	// On a state of its own, it gives way to whoever has the store, or the socket.
	first := w.stateDir
	w.configure("state_dir", filepath.Join(w.dir, "other"))
	w.configure("database_path", filepath.Join(w.dir, "other.sqlite3"))
	_, stderr, code := w.cli("serve")
	want := fmt.Sprintf("another daemon (process %d) already works on backup_dir %s", pid, w.backupDir)
	if code != 6 || !strings.Contains(stderr, want) {
		t.Errorf("on the same store: exit code %d\n%s", code, stderr)
	}
	w.configure("backup_dir", filepath.Join(w.dir, "other-backups"))
	_, stderr, code = w.cli("serve")
	if code == 0 || !strings.Contains(stderr, w.socket) {
		t.Errorf("on the same socket: exit code %d\n%s", code, stderr)
	}
	for _, path := range []string{w.socket, legacy} {
		if answer := raw(t, path, `{"cmd":"backup_list"}`); answer != `{"code":200,"status":"OK","backups":[]}` {
			t.Errorf("%s: %s", path, answer)
		}
	}
	// Once the first has crashed, its state can be had again at once.
	w.kill()
	w.configure("state_dir", first)
	w.configure("database_path", w.database)
	w.configure("backup_dir", w.backupDir)
	w.start()
}

// TestStopSignals ends the daemon with code 0, its sockets gone and its
// programs at work.
func TestStopSignals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	legacy := filepath.Join(w.dir, "legacy")
	w.configure("legacy_socket_path", legacy)
	hold := w.newGate("tool")
	w.useTool(hold.wait())
	w.start()
	operation := w.full("full")
	w.eventually("the tool works", hold.reached)
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		w.signal(signal)
		w.gone()
		if code := w.daemon.cmd.ProcessState.ExitCode(); code != 0 {
			t.Errorf("%s: exit code %d\n%s", signal, code, w.daemonLog())
		}
		for _, path := range []string{w.socket, legacy} {
			if _, err := os.Lstat(path); !os.IsNotExist(err) {
				t.Errorf("%s: %s is left behind: %v", signal, path, err)
			}
		}
		if running := w.processes(); len(running) != 2 {
			t.Errorf("%s: supervisor and tool should run on: %v", signal, running)
		}
		w.start()
	}
	hold.open(t)
	if v := w.succeeded(operation); v.Attempt != 1 {
		t.Errorf("begun again:\n%s", w.story(v))
	}
}

// TestStopAnswersThoseWhoAsk tells a client whose request is not complete that
// the daemon stops.
func TestStopAnswersThoseWhoAsk(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.start()
	conn := connectTo(t, w.socket)
	if _, err := conn.Write([]byte(`{"cmd":"full_backup"`)); err != nil {
		t.Fatal(err)
	}
	// A whole exchange on a later connection: the first is being served by now.
	raw(t, w.socket, `{"cmd":"backup_list"}`)
	w.stop()
	answer := make([]byte, 4096)
	n, err := conn.Read(answer)
	if want := unavailable + `the daemon is stopping; send the command again when it is back"}`; err != nil || string(answer[:n]) != want {
		t.Errorf("%s, %v", answer[:n], err)
	}
}

// TestSystemdIsTold listens where systemd would.
func TestSystemdIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	told := w.listenAsSystemd()
	w.launch()
	told("READY=1")
	// Whoever systemd starts after that finds the daemon ready.
	if _, err := w.client.Operations(w.ctx(), api.OperationFilter{}); err != nil {
		t.Error(err)
	}
	w.stop()
	told("STOPPING=1")
}

// TestWatchdogIsFed while clients are answered. A socket that somebody removes
// ends that: systemd then starts the daemon anew, which binds it again.
func TestWatchdogIsFed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	told := w.listenAsSystemd()
	w.env = append(w.env, "WATCHDOG_USEC=600000")
	w.launch()
	told("READY=1")
	told("WATCHDOG=1")
	told("WATCHDOG=1")
	if err := os.Remove(w.socket); err != nil {
		t.Fatal(err)
	}
	w.eventually("the daemon says why it is silent", func() bool {
		return strings.Contains(w.daemonLog(), "not healthy; systemd starts the daemon anew if this stays so")
	})
	w.stop()
}

// listenAsSystemd receives what the daemon tells systemd. The function it
// returns demands what it is told next.
func (w *world) listenAsSystemd() (told func(want string)) {
	w.t.Helper()
	path := filepath.Join(w.dir, "notify")
	listener, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = listener.Close() })
	if err := listener.SetReadDeadline(time.Now().Add(patience)); err != nil {
		w.t.Fatal(err)
	}
	w.env = append(w.env, "NOTIFY_SOCKET="+path)
	return func(want string) {
		w.t.Helper()
		message := make([]byte, 4096)
		n, err := listener.Read(message)
		if err != nil || !bytes.Contains(append([]byte("\n"), message[:n]...), []byte("\n"+want)) {
			w.t.Errorf("told %q, %v; wanted %s", message[:n], err, want)
		}
	}
}

// TestSocketModes gives the sockets the mode that was asked for.
func TestSocketModes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{config: map[string]string{"socket_mode": `"0600"`, "socket_group": fmt.Sprintf(`"%d"`, os.Getgid())}})
	w.start()
	info, err := os.Lstat(w.socket)
	if err != nil || info.Mode() != os.ModeSocket|0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	for path, mode := range map[string]os.FileMode{w.stateDir: os.ModeDir | 0o700, w.database: 0o660} {
		if info, err := os.Lstat(path); err != nil || info.Mode() != mode {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
}
