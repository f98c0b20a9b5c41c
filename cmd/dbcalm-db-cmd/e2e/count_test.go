package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// TestCountingResumes kills the daemon while it counts the rows of the server's
// tables: the next one goes on with those that are left, and the verification
// compares all.
func TestCountingResumes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{tags: "crashpoints", config: map[string]string{"count_rows": "checksum"},
		server: []mariadbtest.Option{mariadbtest.WithArgs("--table-definition-cache=2000")}})
	points := t.TempDir()
	w.env = append(w.env, "DBCALM_CRASH_DIR="+points)
	c := &crash{t: t, w: w, points: points}
	w.db.Exec(fmt.Sprintf("GRANT SELECT ON *.* TO %s@localhost", w.db.User), "CREATE DATABASE shop")
	for i := range 4 {
		w.db.Exec(fmt.Sprintf("CREATE TABLE shop.t%d (id INT PRIMARY KEY) ENGINE=InnoDB", i),
			fmt.Sprintf("INSERT INTO shop.t%d SELECT seq FROM shop.seq_1_to_%d", i, i+1))
	}
	w.db.Stop()
	w.db.Start()
	w.configureForm("zstd directory")
	w.start()
	c.arm("count-table")
	operation := w.full("full")
	if !c.awaitHit("count-table", patience) {
		t.Fatal("nothing was counted")
	}
	w.kill()
	w.start()
	v := w.succeeded(operation)
	if got := events(v); !slices.Contains(got, "redo") || v.Attempt != 2 {
		t.Errorf("attempt %d\n%s", v.Attempt, w.story(v))
	}
	if story := w.story(v); !strings.Contains(story, "rows counted of 4 of 4 tables, checksums taken of 4") {
		t.Errorf("the backup says:\n%s", story)
	}
	w.stored("full", "zstd")
	story := w.story(w.succeeded(w.verify("full", "boot")))
	if !strings.Contains(story, "; compared with the server: rows of 4 of 4 tables, checksums of 4") {
		t.Errorf("the verification says:\n%s", story)
	}
	w.nothingLeft("full")
}
