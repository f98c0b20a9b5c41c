package e2e

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps/testkit"
)

// expectCLI runs the program as a person does and compares exit code and
// output with patterns.
func (w *world) expectCLI(code int, stdout, stderr string, args ...string) string {
	w.t.Helper()
	out, errs, got := w.cli(args...)
	if got != code {
		w.t.Errorf("%v: exit code %d, wanted %d", args, got, code)
	}
	for text, pattern := range map[string]string{out: stdout, errs: stderr} {
		if !regexp.MustCompile(`(?s)^(?:` + pattern + `)$`).MatchString(text) {
			w.t.Errorf("%v: printed\n%s\nwanted\n%s", args, text, pattern)
		}
	}
	return out
}

// idLine is the first line that a command which begins an operation prints.
const idLine = `[0-9a-f-]{36}\n`

// TestCommandLine walks a chain from backup to restore and deletion on the
// command line, waiting for each.
func TestCommandLine(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.start()
	w.expectCLI(0, idLine+`full_backup of full succeeded in .*\n`, `.* seal → publish: .* record → done: recorded: .*`,
		"backup", "full", "full", "--wait")
	w.expectCLI(0, idLine+`incremental_backup of inc succeeded in .*\n`, `.* record → done: .*`,
		"backup", "incremental", "inc", "--from", "full", "--wait")
	w.expectCLI(0, idLine+`restore_folder of inc succeeded in .*\n`, `.*prepare → apply.* record → done: .*`,
		"restore", "inc", "--target", "folder", "--wait")
	w.expectCLI(0, `.*full.*inc.*`, ``, "backups", "list")
	var backups []api.BackupView
	if err := json.Unmarshal([]byte(w.expectCLI(0, `.*`, ``, "backups", "list", "--json")), &backups); err != nil || len(backups) != 2 {
		t.Errorf("%+v, %v", backups, err)
	}
	full, inc := backups[0], backups[1]
	if full.FromLSN != 0 || full.ToLSN == 0 || inc.FromLSN != full.ToLSN || inc.FromBackupID != "full" || *full.Size == 0 {
		t.Errorf("chain: %+v", backups)
	}
	list := w.expectCLI(0, `.*restore_folder.*incremental_backup.*full_backup.*`, ``, "operations", "list")
	var operations []api.OperationSummary
	err := json.Unmarshal([]byte(w.expectCLI(0, `.*`, ``, "operations", "list", "--json", "--limit", "1", "--state", "succeeded")),
		&operations)
	if err != nil || len(operations) != 1 || operations[0].Machine != "restore_folder" {
		t.Errorf("%+v, %v\n%s", operations, err, list)
	}
	w.expectCLI(0, `.*Transitions.*Programs.*--prepare.*`, ``, "operations", "show", operations[0].ID)
	var view api.OperationView
	err = json.Unmarshal([]byte(w.expectCLI(0, `.*`, ``, "operations", "show", operations[0].ID, "--json")), &view)
	if err != nil || view.Args.Target != "folder" || len(view.Processes) != 3 {
		t.Errorf("%+v, %v", view, err)
	}

	w.expectCLI(5, ``, `.*MySQL/MariaDb server is not stopped.*`, "restore", "inc", "--target", "database", "--wait")
	w.db.Stop()
	w.loseData()
	w.expectCLI(0, idLine+`restore_database of inc succeeded in .*\n`, `.* record → done: .*`,
		"restore", "inc", "--target", "database", "--wait")
	w.db.Start()
	w.expectCLI(5, ``, `.*backup 'full' cannot be deleted: other backups stand on it: 'inc'; delete them first \(409 Conflict\)\n`,
		"backups", "delete", "full", "--wait")
	w.expectCLI(0, `Backup inc is deleted.\n`, ``, "backups", "delete", "inc", "--wait")
	w.expectCLI(0, `Backup full is deleted.\n`, ``, "backups", "delete", "full")
	w.expectCLI(5, ``, `.*Backup with id 'full' not found \(404 Not Found\)\n`, "backups", "delete", "full")
	if left := entries(t, w.backupDir); len(left) != 1 || left[0] != "restores" {
		t.Errorf("the store holds %v", left)
	}
}

// TestExitCodes ends with the documented code for each way of not succeeding.
func TestExitCodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	hold := w.newGate("tool")
	w.useTool(hold.wait() + `; [ $doing != backup ] || { echo "on fire" >&2; exit 1; }`)
	w.expectCLI(4, ``, `.*connect to the daemon on `+w.socket+`: no such file or directory; .*`, "backup", "full", "full", "--wait")
	w.start()
	w.expectCLI(2, ``, `.*name the new backup.*`, "backup", "full")
	w.expectCLI(2, ``, `.*"from" not set.*`, "backup", "incremental", "inc")
	w.expectCLI(2, ``, `.*unknown target "moon": use database or folder.*`, "restore", "full", "--target", "moon")
	w.expectCLI(5, ``, `.*Base backup with id 'nope' not found \(404 Not Found\)\n`, "backup", "incremental", "inc", "--from", "nope")
	w.expectCLI(1, ``, `.*no backup nope is recorded: see backups list\n`, "restore", "nope", "--target", "folder")

	operation := strings.TrimSpace(w.expectCLI(0, idLine, `Accepted. See how it goes: .*`, "backup", "full", "full"))
	w.eventually("the tool works", hold.reached)
	w.expectCLI(5, ``, `.*Backup with id 'full' already exists \(409 Conflict\)\n`, "backup", "full", "full")
	w.expectCLI(0, `.*`, `.*`, "operations", "cancel", operation)
	if v := w.ended(operation); v.Status != "cancelled" {
		t.Errorf("it is %s", v.Status)
	}
	hold.open(t)
	failed := w.expectCLI(1, idLine, `.*full_backup of full failed after .*: mariabackup failed with exit code 1\n`+
		`last lines of the program:\non fire\nSee .* operations show .*`, "backup", "full", "full", "--wait")
	w.expectCLI(1, `.*`, `.*mariabackup failed with exit code 1.*`, "operations", "retry", strings.TrimSpace(failed), "--wait")
	w.expectCLI(5, ``, `.*cannot be retried: it is cancelled in state cancelled.*`, "operations", "retry", operation)

	broken := filepath.Join(w.dir, "broken.yml")
	testkit.Write(t, w.dir, map[string]string{"broken.yml": "db_type: oracle\nbackup_dir: relative\n"})
	config := w.config
	w.config = broken
	w.expectCLI(3, ``, `.*db_type.*oracle.*write mariadb or mysql.*backup_dir.*relative.*`, "serve")
	w.config = filepath.Join(w.dir, "none.yml")
	w.expectCLI(3, ``, `.*none.yml.*`)
	w.config = config
}
