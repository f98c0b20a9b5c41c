package e2e

import (
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/machine/api"
)

// TestLostRecords takes both databases away, as the loss of their disk does:
// the backups that are in the store are shown and said to have no record.
func TestLostRecords(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.start()
	w.succeeded(w.full("a"))
	w.succeeded(w.incremental("b", "a"))
	w.stop()
	w.loseRecords()
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
	_, err = w.client.FullBackup(w.ctx(), api.BackupRequest{ID: "a"})
	refused(t, err, 409, "Backup with id 'a' already exists", "may be the only copy")
}

// TestLostSharedFile takes the file away that other programs read, from a
// stopped daemon and from one at work: it is filled again, every row in its old
// place.
func TestLostSharedFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.start()
	w.succeeded(w.full("a"))
	w.succeeded(w.incremental("b", "a"))
	restored := w.succeeded(w.restore(api.TargetFolder, "a", "b"))
	rows := func() (text string) {
		for _, table := range []string{"process", "backup", "restore"} {
			all, err := w.sqlite().Query(`SELECT * FROM ` + table + ` ORDER BY id`)
			if err != nil {
				return err.Error()
			}
			text += table + rowsText(t, all)
		}
		return text
	}
	before := rows()
	w.stop()
	w.loseFile(w.database)
	w.start()
	if after := rows(); after != before {
		t.Errorf("filled again by the next daemon:\n%s\nbefore:\n%s", after, before)
	}
	w.loseFile(w.database)
	refusedFor(t, w, "b2")
	w.eventually("it is filled again", func() bool { return rows() == before })
	w.eventually("commands are accepted again", func() bool {
		_, err := w.client.IncrementalBackup(w.ctx(), api.BackupRequest{ID: "c", FromBackupID: "b"})
		return err == nil
	})
	if log := w.daemonLog(); !strings.Contains(log, "it was lost") || !strings.Contains(log, "says again what the ledger says") {
		t.Errorf("the log does not tell of it:\n%s", log)
	}
	if v := w.show(restored.ID); v.Status != "succeeded" {
		t.Errorf("the restore is %s", v.Status)
	}
}

// refusedFor demands that a backup is refused because the shared file is lost.
func refusedFor(t *testing.T, w *world, id string) {
	t.Helper()
	_, err := w.client.FullBackup(w.ctx(), api.BackupRequest{ID: id})
	refused(t, err, 503, w.database, "it was lost", "try again in a few seconds")
}

// rowsText reads all rows of an answer.
func rowsText(t *testing.T, rows *sql.Rows) string {
	t.Helper()
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		text += fmt.Sprintln(values...)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return text
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
	other := strings.NewReplacer("state_dir: "+w.stateDir, "state_dir: "+w.stateDir+"2",
		"socket_path: "+w.socket, "socket_path: "+w.socket+"2").Replace(string(text))
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
