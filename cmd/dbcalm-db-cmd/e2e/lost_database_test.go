package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/machine"
)

// TestLostDatabase takes the SQLite file away, as the loss of its disk does:
// the backups that are in the store are shown and said to have no record.
func TestLostDatabase(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.start()
	w.succeeded(w.full("a"))
	w.succeeded(w.incremental("b", "a"))
	w.stop()
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(w.database + suffix); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	w.start()
	if log := w.daemonLog(); strings.Count(log, "in the store and not recorded") != 2 {
		t.Errorf("the log does not tell of both backups:\n%s", log)
	}
	list, err := w.client.Backups(w.ctx())
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 2 || list[0].ID != "a" || list[1].FromBackupID != "a" || !strings.Contains(list[1].Problem, "record is lost") {
		t.Errorf("backups are %+v", list)
	}
	_, err = w.client.FullBackup(w.ctx(), machine.BackupRequest{ID: "a"})
	refused(t, err, 409, "Backup with id 'a' already exists", "may be the only copy")
}

// TestOneDaemonADatabase starts a second daemon with a state directory and
// sockets of its own on the database of the first.
func TestOneDaemonADatabase(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.start()
	second := filepath.Join(w.dir, "second.yml")
	text, err := os.ReadFile(w.config)
	if err != nil {
		t.Fatal(err)
	}
	other := strings.NewReplacer("state_dir: "+w.stateDir, "state_dir: "+w.stateDir+"2", "socket_path: "+w.socket, "socket_path: "+w.socket+"2").Replace(string(text))
	if err := os.WriteFile(second, []byte(other), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(w.program, "--config", second, "serve").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "another daemon") || !strings.Contains(string(out), w.database) {
		t.Errorf("a second daemon on the database: %v\n%s", err, out)
	}
	if _, err := os.Stat(w.socket + "2"); !os.IsNotExist(err) {
		t.Errorf("it left a socket: %v", err)
	}
	w.succeeded(w.full("a"))
}
