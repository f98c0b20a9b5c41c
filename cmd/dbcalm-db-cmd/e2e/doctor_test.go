package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dbcalm-db-cmd/machine/api"
)

// doctor runs the command as a person does, with and without --json, and
// compares the exit code and some lines, each a mark with what is about and
// a part of the rest.
func (w *world) doctor(code int, want ...string) {
	w.t.Helper()
	out, _, got := w.cli("doctor")
	if got != code {
		w.t.Errorf("exit code %d, wanted %d", got, code)
	}
	for _, line := range want {
		begin, rest, _ := strings.Cut(line, ": ")
		if !slices.ContainsFunc(strings.Split(out, "\n"), func(l string) bool {
			return strings.HasPrefix(l, begin) && strings.Contains(l, rest)
		}) {
			w.t.Errorf("no line %q", line)
		}
	}
	var report struct {
		Well   bool
		Checks []api.Check
	}
	text, _, again := w.cli("doctor", "--json")
	if err := json.Unmarshal([]byte(text), &report); err != nil || again != code || report.Well != (code == 0) || len(report.Checks) < 10 {
		w.t.Errorf("--json: %v, exit code %d, %s", err, again, text)
	}
	if w.t.Failed() {
		w.t.Fatal(out)
	}
}

// TestDoctor looks at a set-up before the first start, at work, and when things
// have gone wrong with it.
func TestDoctor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	if err := os.Chmod(w.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	legacy := filepath.Join(w.dir, "l")
	w.writeConfig(map[string]string{"legacy_socket_path": legacy, "retention": "{full: 2}"})
	w.doctor(7, "✓ server: it answers", "✓ privilege: RELOAD", "✓ backup_dir: is not there yet", "• SQLite file: is not there",
		"✗ socket: start the daemon", "✗ daemon: no such file", "✗ legacy socket: start the daemon", "✓ user: no daemon runs")
	if left := entries(t, w.dir); slices.Contains(left, "state") || slices.Contains(left, "backups") || slices.Contains(left, "db.sqlite3") {
		t.Errorf("it has made %v", left)
	}

	w.start()
	w.succeeded(w.full("full"))
	w.doctor(0, "✓ ledger: nothing wrong", "✓ SQLite file: ", "✓ integrity: nothing wrong", "✓ schema: version",
		"✓ daemon: answers, version", "✓ user: whom the daemon runs as too", "✓ unrecorded: ",
		"✓ missing: every one of 1 records", "✓ retention: {full: 2}", "✓ tool's version: it fits", "✓ restore: to database")

	db := w.ledger()
	if _, err := db.ExecContext(t.Context(), `UPDATE backup SET id = 'other'`); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(w.backupDir, ".partial", "nobody-1"), 0o700); err != nil {
		t.Fatal(err)
	}
	w.doctor(7, "✗ unrecorded: dbcalm-db-cmd backups rebuild", "✗ missing: 1 of 1", "✗ leftovers: 1 in", "✓ daemon: answers")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	w.kill()
	w.db.Stop()
	w.doctor(7, "✗ daemon: connection refused", "✗ legacy socket: connection refused", "✗ server: start it",
		"? privileges: not looked at", "✓ integrity: ", "✗ unrecorded: ")
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := os.Remove(w.database + suffix); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(w.database, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	w.doctor(7, "✗ integrity: is no SQLite database or is damaged", "✓ configuration: ", "✓ ledger: ")
	w.writeConfig(map[string]string{"data_dir": "relative"})
	w.doctor(3, "✗ configuration: data_dir", "? data_dir: not looked at")
}
