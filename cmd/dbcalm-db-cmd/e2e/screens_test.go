package e2e

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// terminal runs the program on a pseudo-terminal and keeps what it shows.
type terminal struct {
	w    *world
	cmd  *exec.Cmd
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *terminal) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

// onTerminal starts a command of the program on a terminal of its own.
func (w *world) onTerminal(args ...string) *terminal {
	w.t.Helper()
	line := "stty cols 118 rows 40; exec '" + w.program + "' --config '" + w.config + "' " + strings.Join(args, " ")
	s := &terminal{w: w, cmd: exec.Command("script", "--quiet", "--return", "--flush", "--command", line, "/dev/null")}
	s.cmd.Stdout, s.cmd.Stderr, s.cmd.Env = s, s, append(w.env, "SHELL=/bin/bash")
	if err := s.cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = s.cmd.Process.Kill() })
	return s
}

// shows waits until the terminal has shown a text.
func (s *terminal) shows(text string) {
	s.w.t.Helper()
	s.w.eventually("the terminal shows "+text, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return bytes.Contains(s.text.Bytes(), []byte(text))
	})
}

// ends waits for the command's end and demands its exit code.
func (s *terminal) ends(code int) {
	s.w.t.Helper()
	_ = s.cmd.Wait()
	if got := s.cmd.ProcessState.ExitCode(); got != code {
		s.w.t.Errorf("exit code %d, want %d:\n%s", got, code, s.text.String())
	}
}

var redrawn = regexp.MustCompile(`(?:\x1b\[\d+A)?\r\x1b\[J`)

// pictures returns what stood on the screen, one after the other.
func (s *terminal) pictures() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return redrawn.Split(strings.ReplaceAll(s.text.String(), "\r\n", "\n"), -1)
}

// last returns the newest picture that holds a text.
func (s *terminal) last(text string) string {
	s.w.t.Helper()
	all := s.pictures()
	for i := len(all) - 1; i >= 0; i-- {
		if strings.Contains(all[i], text) {
			return all[i]
		}
	}
	s.w.t.Fatalf("no picture shows %q:\n%s", text, strings.Join(all, "\n----\n"))
	return ""
}

// TestScreens looks at three real operations as an administrator does: one
// through a restart of the daemon, one that fails, one that is cancelled. With
// SCREENS_OUT it writes what was to be seen to that file, and with SCREENS_MIB
// the database has that size.
func TestScreens(t *testing.T) {
	t.Parallel()
	mebibytes, err := strconv.Atoi(cmp.Or(os.Getenv("SCREENS_MIB"), "64"))
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, worldOptions{config: map[string]string{"backup_args": "[--throttle=" + strconv.Itoa(2*mebibytes) + "]", "parallel": "1"}})
	w.fillWith(mebibytes)
	w.start()
	var out strings.Builder

	id := w.full("monday")
	watched := w.onTerminal("operations", "watch", id)
	watched.shows("█")
	before := watched.last("█")
	w.kill()
	watched.shows("no daemon")
	w.start()
	v := w.succeeded(id)
	watched.ends(0)
	if !strings.Contains(strings.Join(events(v), " "), "adopt") {
		t.Errorf("the program did not run through the restart: %v", events(v))
	}
	w.screen(&out, "operations watch "+id[:4],
		before+"(the daemon is killed and started again)\n"+watched.last("▶ copy")+"(and at the end)\n"+watched.last("succeeded"))
	w.screen(&out, "operations show "+id[:4], w.expectCLI(0, `.*Time line.*copy.*█.*`, ``, "operations", "show", id))

	damaged := filepath.Join(w.backupDir, "monday", "ibdata1")
	text, err := os.ReadFile(damaged)
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)/2] ^= 1
	if err := os.WriteFile(damaged, text, 0o640); err != nil {
		t.Fatal(err)
	}
	restored := w.onTerminal("restore", "monday", "--target", "folder", "--wait")
	restored.ends(1)
	w.screen(&out, "restore monday --target folder --wait", restored.last("ibdata1"))

	second := w.full("tuesday")
	cancelled := w.onTerminal("operations", "watch", second)
	cancelled.shows(" %, ")
	w.expectCLI(0, `.*`, `.*`, "operations", "cancel", second)
	cancelled.ends(1)
	w.screen(&out, "operations watch "+second[:4]+"   # while somebody cancels it", cancelled.last("cancelled"))

	writeMeasured(t, os.Getenv("SCREENS_OUT"), out.String())
}

// fillWith gives the server's database about this size.
func (w *world) fillWith(mebibytes int) {
	w.db.Exec("CREATE DATABASE shop", "CREATE TABLE shop.orders (id INT PRIMARY KEY, note BLOB) ENGINE=InnoDB",
		fmt.Sprintf("INSERT INTO shop.orders SELECT seq, random_bytes(1000) FROM shop.seq_1_to_%d", mebibytes*900))
}

// screen adds what a command has shown, with folders as an installed daemon
// would have them.
func (w *world) screen(out *strings.Builder, command, shown string) {
	plain := strings.NewReplacer(w.backupDir, "/var/backups/dbcalm", w.stateDir, "/var/lib/dbcalm-db-cmd",
		w.db.CredentialsFile, "/etc/dbcalm/credentials.cnf", w.db.DataDir, "/var/lib/mysql", w.socket, "/run/dbcalm/db-cmd.sock",
		" --config "+w.config, "").Replace(shown)
	fmt.Fprintf(out, "```console\n$ dbcalm-db-cmd %s\n%s\n```\n\n", command, strings.TrimRight(plain, "\n"))
}
