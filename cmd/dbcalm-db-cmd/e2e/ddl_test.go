package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps/stream"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// TestTablesMoveWhileTheyAreCopied drops, renames, replaces and creates tables
// after the tool has copied them and before it has copied the rest, in a full
// and in an incremental backup. Both come back as the server was.
func TestTablesMoveWhileTheyAreCopied(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"directory", "gzip stream"} {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			tablesMove(t, form)
		})
	}
}

func tablesMove(t *testing.T, form string) {
	w := newWorld(t, worldOptions{config: map[string]string{"parallel": "1"}})
	w.configureForm(form)
	paused, moved, said := filepath.Join(w.dir, "paused"), filepath.Join(w.dir, "moved"), filepath.Join(w.dir, "said")
	w.useTool(fmt.Sprintf(`if [ "$doing" = backup ]; then
	$real "$@" 2>%[3]s &
	until grep -Eqs '(Copying|Streaming) .*moving/last.ibd' %[3]s || ! kill -0 $!; do :; done
	kill -STOP $!
	: >%[1]s
	until [ -e %[2]s ]; do sleep 0.01; done
	rm %[1]s %[2]s
	kill -CONT $!
	wait $!
	code=$?
	cat %[3]s >&2
	exit $code
fi`, paused, moved, said))
	w.db.Exec("CREATE DATABASE moving")
	backups := []string{"full", "inc"}
	for _, id := range backups {
		for _, name := range []string{"dropped", "renamed", "replaced", "emptied", "first", "second"} {
			w.db.Exec(fmt.Sprintf("CREATE TABLE moving.%s_%s (n INT PRIMARY KEY, text VARCHAR(20))", name, id),
				fmt.Sprintf("INSERT INTO moving.%s_%s VALUES (1, '%s')", name, id, name))
		}
	}
	// Made last, it is copied last: the tool pauses at it while the others move.
	w.db.Exec("CREATE TABLE moving.last (n INT PRIMARY KEY, text LONGBLOB)", "INSERT INTO moving.last VALUES (1, REPEAT('last', 3000000))")
	// What only the redo log holds is not copied as a table.
	w.db.Stop()
	w.db.Start()
	w.start()
	var wants []map[string]string
	for i, id := range backups {
		operation := w.full
		if i > 0 {
			operation = func(id string) string { return w.incremental(id, "full") }
		}
		backup := operation(id)
		w.eventually("the tool is past the tables", func() bool {
			_, err := os.Stat(paused)
			return err == nil
		})
		for _, statement := range []string{
			"DROP TABLE moving.dropped_%[1]s",
			"RENAME TABLE moving.renamed_%[1]s TO moving.`new name_%[1]s`",
			"DROP TABLE moving.replaced_%[1]s",
			"CREATE TABLE moving.replaced_%[1]s (other INT PRIMARY KEY)",
			"INSERT INTO moving.replaced_%[1]s VALUES (7)",
			"TRUNCATE TABLE moving.emptied_%[1]s",
			"RENAME TABLE moving.first_%[1]s TO moving.old_%[1]s, moving.second_%[1]s TO moving.first_%[1]s",
			"CREATE TABLE moving.created_%[1]s (n INT PRIMARY KEY)",
		} {
			w.db.Exec(fmt.Sprintf(statement, id))
		}
		want := mariadbtest.Fingerprint(t, w.db.DB())
		if err := os.WriteFile(moved, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		w.succeeded(backup)
		if marks := w.marks(id); !slices.Contains(marks, "moving/renamed_"+id+".ren") {
			t.Fatalf("%s: the tables moved too late or too early: %q", id, marks)
		}
		wants = append(wants, want)
	}
	w.db.Stop()
	for i, want := range wants {
		w.loseData()
		w.succeeded(w.restore(api.TargetDatabase, backups[:i+1]...))
		w.db.Start()
		w.holds(want)
		w.db.Stop()
	}
}

// marks lists the marks that the tool has left of tables which moved.
func (w *world) marks(id string) (marks []string) {
	w.t.Helper()
	folder := filepath.Join(w.backupDir, id)
	var files []string
	for path := range tree(w.t, folder) {
		files = append(files, strings.TrimPrefix(path, folder+"/"))
	}
	if text, err := os.ReadFile(filepath.Join(folder, "backup-"+id+".contents.json")); err == nil {
		var contents stream.Contents
		if err := json.Unmarshal(text, &contents); err != nil {
			w.t.Fatal(err)
		}
		for _, f := range contents.Files {
			files = append(files, f.Path)
		}
	}
	for _, path := range files {
		if slices.Contains([]string{".del", ".ren", ".new"}, filepath.Ext(path)) {
			marks = append(marks, path)
		}
	}
	return marks
}
