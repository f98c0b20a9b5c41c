package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/testkit"
)

// putBack makes of a stopped daemon's ledger what a version of before had: its
// tables in the shared file, each operation with its definition's text.
func (w *world) putBack() {
	w.t.Helper()
	path := persistence.LedgerPath(w.stateDir)
	db := w.sqlite()
	db.SetMaxOpenConns(1)
	exec := func(statement string) {
		w.t.Helper()
		if _, err := db.Exec(statement); err != nil {
			w.t.Fatalf("%s: %v", statement, err)
		}
	}
	exec(`PRAGMA foreign_keys = OFF; ATTACH '` + path + `' AS ledger`)
	rows, err := db.Query(`SELECT name, sql FROM ledger.sqlite_master
		WHERE type = 'table' AND name LIKE 'operation%' AND name NOT IN ('operation_definition', 'operation_forgotten')`)
	if err != nil {
		w.t.Fatal(err)
	}
	made := map[string]string{}
	for rows.Next() {
		var name, statement string
		if err := rows.Scan(&name, &statement); err != nil {
			w.t.Fatal(err)
		}
		made[name] = statement
	}
	if err := rows.Err(); err != nil {
		w.t.Fatal(err)
	}
	for name, statement := range made {
		exec(statement)
		exec(`INSERT INTO main.` + name + ` SELECT * FROM ledger.` + name)
	}
	exec(`UPDATE main.operation SET definition = (SELECT text FROM ledger.operation_definition WHERE hash = definition)`)
	exec(`UPDATE main.operation_job SET process_id = (SELECT shared_id FROM ledger.process WHERE id = process_id)`)
	exec(`ALTER TABLE main.operation DROP COLUMN asked_by`)
	exec(`DELETE FROM main.operation_schema WHERE version > 6`)
	exec(`UPDATE main.process SET pid = NULL WHERE command NOT LIKE '%backup --%'`)
	exec(`DETACH ledger`)
	if err := db.Close(); err != nil {
		w.t.Fatal(err)
	}
	w.loseFile(path)
}

// TestInstallationIsMovedOver starts on what a version from before the ledger
// has left, with a backup under way: its program is adopted, and its end is told.
func TestInstallationIsMovedOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	hold := w.newGate("incremental")
	w.useTool(`case "$*" in *--incremental-basedir=*) ` + hold.wait() + ` ;; esac`)
	w.start()
	full := w.succeeded(w.full("full"))
	inc := w.incremental("inc", "full")
	w.eventually("the tool copies", hold.reached)
	w.kill()
	w.putBack()
	w.start()
	var tables, missing int
	db := w.sqlite()
	err := db.QueryRow(`SELECT (SELECT count(*) FROM sqlite_master WHERE name LIKE 'operation%'),
		(SELECT count(*) FROM process WHERE pid IS NULL)`).Scan(&tables, &missing)
	if err != nil {
		t.Fatal(err)
	}
	if tables+missing > 0 {
		t.Errorf("%d of our tables are still in the shared file, and %d rows have no pid", tables, missing)
	}
	hold.open(t)
	v := w.succeeded(inc)
	if !strings.Contains(w.story(v), "--adopt-->") || v.Attempt != 1 {
		t.Errorf("the program was not adopted:\n%s", w.story(v))
	}
	again := w.show(full.ID)
	if again.Status != "succeeded" || len(again.Transitions) != len(full.Transitions) || again.Definition != full.Definition {
		t.Errorf("the first backup is now %+v", again)
	}
	if got := w.recorded(); got != "full inc<full" {
		t.Errorf("recorded are %s", got)
	}
	if status, failure, _ := w.newest(db, inc); status != "success" || failure != "" {
		t.Errorf("clients read %s: %s", status, failure)
	}
}

// TestStartIsRefusedWhereOthersCouldChangeWhatRuns leaves things to others, as
// an installer does, and demands the command that mends it.
func TestStartIsRefusedWhereOthersCouldChangeWhatRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	hook := testkit.Program(t, filepath.Join(w.dir, "hook"), "#!/bin/sh\n")
	w.configure("on_finish", hook+" told")
	for path, remedy := range map[string]string{
		w.config:   "the configuration: " + w.config + " has mode 0666, so that others can change it: chmod go-w " + w.config,
		hook:       "a program of on_finish: " + hook + " has mode 0777, so that others can change it: chmod go-w " + hook,
		w.stateDir: "chmod 0700 " + w.stateDir,
	} {
		if err := os.MkdirAll(w.stateDir, 0o700); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, info.Mode().Perm()|info.Mode().Perm()>>6|info.Mode().Perm()>>3); err != nil {
			t.Fatal(err)
		}
		_, stderr, code := w.cli("serve")
		if code != 3 || !strings.Contains(stderr, remedy) {
			t.Errorf("exit code %d, wanted %q in\n%s", code, remedy, stderr)
		}
		if err := os.Chmod(path, info.Mode().Perm()); err != nil {
			t.Fatal(err)
		}
	}
	w.start()
}
