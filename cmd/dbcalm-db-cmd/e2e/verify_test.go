package e2e

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dbcalm-db-cmd/machine/api"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// verify sends a command and returns the operation's id.
func (w *world) verify(id, level string) string {
	w.t.Helper()
	return w.accepted(w.client.VerifyBackup(w.ctx(), api.VerifyRequest{ID: id, Level: api.Level(level)}))
}

// backup returns what the list of backups says of one.
func (w *world) backup(id string) api.BackupView {
	w.t.Helper()
	list, err := w.client.Backups(w.ctx())
	if err != nil {
		w.t.Fatal(err)
	}
	i := slices.IndexFunc(list, func(b api.BackupView) bool { return b.ID == id })
	if i < 0 {
		w.t.Fatalf("backup %s is not listed: %+v", id, list)
	}
	return list[i]
}

// proved demands what is known of a backup: its level, empty for none, and
// words of what is held against it, none for nothing.
func (w *world) proved(id, level string, problem ...string) {
	w.t.Helper()
	b := w.backup(id)
	got := ""
	if b.Verified != nil {
		got = string(b.Verified.Level)
	}
	if got != level {
		w.t.Errorf("%s is proved at level %q, wanted %q", id, got, level)
	}
	if len(problem) == 0 && b.Problem != "" {
		w.t.Errorf("%s has a problem: %s", id, b.Problem)
	}
	for _, words := range problem {
		if !strings.Contains(b.Problem, words) {
			w.t.Errorf("the problem of %s does not say %q: %q", id, words, b.Problem)
		}
	}
}

// states lists the states an operation has been in.
func states(v api.OperationView) string {
	var list []string
	for _, tr := range v.Transitions {
		list = append(list, tr.To)
	}
	return strings.Join(list, " ")
}

// nothingLeft demands that a verification left no file and no program.
func (w *world) nothingLeft(stored ...string) {
	w.t.Helper()
	if left := entries(w.t, w.backupDir); !slices.Equal(left, stored) {
		w.t.Errorf("the store holds %v, wanted %v", left, stored)
	}
	w.eventually("no program is left", func() bool {
		return len(slices.DeleteFunc(w.processes(), func(p process) bool { return p.pid == w.daemon.cmd.Process.Pid })) == 0
	})
}

// threeLinks makes a chain of three, of tables of all kinds.
func threeLinks(t *testing.T, w *world) {
	t.Helper()
	mariadbtest.FillTables(t, w.db.DB(), 3, 300)
	w.db.Exec("CREATE DATABASE `odd ``name`", "CREATE TABLE `odd ``name`.`ta``ble é` (id INT PRIMARY KEY) ENGINE=InnoDB",
		"CREATE TABLE fill.parts (id INT) ENGINE=InnoDB PARTITION BY HASH(id) PARTITIONS 3", "CREATE SEQUENCE fill.numbers",
		"CREATE VIEW fill.broken AS SELECT * FROM fill.t000",
		"CREATE EVENT fill.bell ON SCHEDULE EVERY 1 SECOND DO INSERT INTO fill.parts VALUES (1)",
		"CREATE TABLE fill.zipped (id INT, t TEXT) ENGINE=InnoDB ROW_FORMAT=COMPRESSED",
		"INSERT INTO fill.zipped SELECT seq, REPEAT('x', 500) FROM fill.seq_1_to_300")
	w.start()
	w.succeeded(w.full("full"))
	for _, link := range [][2]string{{"inc1", "full"}, {"inc2", "inc1"}} {
		mariadbtest.FillTables(t, w.db.DB(), 3, 50)
		w.succeeded(w.incremental(link[0], link[1]))
	}
}

// TestVerifyLevels proves a chain at each level: what is done, what is known
// then, what other programs see, and that nothing else is left of it.
func TestVerifyLevels(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	threeLinks(t, w)
	before := tree(t, w.backupDir)
	db := w.sqlite()
	const end = " record done"
	for _, test := range []struct{ level, states, proved, below, last string }{
		{"files", "queued validate" + end, "files", "files", "chain of 3, "},
		{"", "queued validate check" + end, "checksum", "checksum", "checksums right"},
		{"prepare", "queued validate stage prepare apply apply arrange clean" + end, "prepare", "checksum", "every table is there"},
		{"boot", "queued validate stage prepare apply apply arrange examine clean" + end, "boot", "checksum", "tables checked, all sound"},
		{"files", "queued validate" + end, "boot", "checksum",
			"'inc2' is proved at level files; what it stands on at level files: 'full', 'inc1'"},
	} {
		v := w.succeeded(w.verify("inc2", test.level))
		if got := states(v); got != test.states {
			t.Errorf("level %q went through %s", test.level, got)
		}
		if !strings.Contains(w.story(v), test.last) {
			t.Errorf("level %q does not say %q:\n%s", test.level, test.last, w.story(v))
		}
		w.proved("inc2", test.proved)
		w.proved("inc1", test.below)
		w.proved("full", test.below)
		unchanged(t, w.backupDir, before)
		level, scratch := v.Args.Level, ""
		if level.Covers("prepare") {
			scratch = fmt.Sprintf(`,"tmp_dir":"%s"`, filepath.Join(w.backupDir, ".partial", v.ID+"-stage"))
		}
		expectRow(t, row(t, db, "process", `command_id = ? ORDER BY id`, v.ID),
			map[string]string{"status": "text success", "type": "text restore",
				"command": "text dbcalm-db-cmd verify_backup inc2",
				"args":    `text \{"id_list":\["full","inc1","inc2"\],"target":"verify"` + scratch + `,"level":"` + string(level) + `"\}`})
		expectRow(t, row(t, db, "process", `command_id = ? ORDER BY id DESC`, v.ID),
			map[string]string{"status": "text success", "type": "text restore", "error": "null "})
	}
	w.nothingLeft("full", "inc1", "inc2")
	var restores int
	if err := db.QueryRow(`SELECT count(*) FROM restore`).Scan(&restores); err != nil || restores > 0 {
		t.Errorf("%d restores are recorded, %v", restores, err)
	}
	// It was no restore, so the history of the server goes on.
	w.succeeded(w.incremental("inc3", "inc2"))
	w.proved("inc3", "")
	w.succeeded(w.verify("full", "boot"))
	w.proved("full", "boot")
	w.proved("inc1", "checksum")
}
