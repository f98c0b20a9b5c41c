package e2e

import (
	"database/sql"
	"fmt"
	"slices"
	"testing"
	"time"

	"dbcalm-db-cmd/machine/api"
)

// poll reads the newest process row of an operation as fast as it can, from
// the moment of the answer, until it says something else than running. It
// returns what that was. atSuccess is asked in the instant of a success.
func (w *world) poll(db *sql.DB, operation string, atSuccess func()) string {
	w.t.Helper()
	for begun := time.Now(); time.Since(begun) < patience; {
		var status string
		err := db.QueryRow(`SELECT status FROM process WHERE command_id = ? ORDER BY id DESC LIMIT 1`, operation).Scan(&status)
		if err != nil {
			w.t.Fatalf("the row that clients poll: %v", err)
		}
		if status == "running" {
			continue
		}
		if status == "success" && atSuccess != nil {
			atSuccess()
		}
		return status
	}
	w.t.Fatalf("operation %s still runs", operation)
	return ""
}

// TestRunningUntilRecorded polls as clients do: running from before the answer
// until the backup's or restore's row is there, and never anything else
// between.
func TestRunningUntilRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.start()
	db := w.sqlite()
	rowThere := func(query string, args ...any) func() {
		return func() {
			var n int
			if err := db.QueryRow(query, args...).Scan(&n); err != nil || n != 1 {
				t.Errorf("success is told, but %s %v finds %d rows, %v", query, args, n, err)
			}
		}
	}
	backup := func(id string) func() {
		return rowThere(`SELECT count(*) FROM backup WHERE id = ? AND end_time IS NOT NULL AND size > 0`, id)
	}
	if status := w.poll(db, w.full("full"), backup("full")); status != "success" {
		t.Errorf("full backup: %s", status)
	}
	if status := w.poll(db, w.incremental("inc", "full"), backup("inc")); status != "success" {
		t.Errorf("incremental backup: %s", status)
	}
	restored := `SELECT count(*) FROM restore r JOIN process p ON p.id = r.process_id WHERE p.command_id = ? AND r.end_time IS NOT NULL`
	folder := w.restore(api.TargetFolder, "full", "inc")
	if status := w.poll(db, folder, rowThere(restored, folder)); status != "success" {
		t.Errorf("restore to folder: %s", status)
	}
	w.db.Stop()
	w.loseData()
	database := w.restore(api.TargetDatabase, "full", "inc")
	// A client may start the server in the next instant.
	status := w.poll(db, database, func() {
		rowThere(restored, database)()
		w.db.Start()
	})
	if status != "success" {
		t.Errorf("restore to database: %s", status)
	}
}

// TestFailedUntilCleanedUp polls an operation that fails: when it is told,
// nothing of the backup is left.
func TestFailedUntilCleanedUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.useTool(`[ $doing != backup ] || { $real "$@"; exit 9; }`)
	w.start()
	status := w.poll(w.sqlite(), w.full("full"), nil)
	if left := entries(t, w.backupDir); status != "failed" || len(left) > 0 {
		t.Errorf("%s, and the store holds %v", status, left)
	}
}

// TestRowsEndInOrder looks at all rows of an operation while it runs: at most
// the newest is running, and none goes back.
func TestRowsEndInOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.start()
	w.succeeded(w.full("full"))
	db, operation := w.sqlite(), w.restore(api.TargetFolder, "full")
	var seen []string
	for begun := time.Now(); time.Since(begun) < patience; {
		var row string
		err := db.QueryRow(`SELECT group_concat(status, ' ') FROM (SELECT status FROM process WHERE command_id = ? ORDER BY id)`,
			operation).Scan(&row)
		if err != nil {
			t.Fatal(err)
		}
		if len(seen) == 0 || seen[len(seen)-1] != row {
			seen = append(seen, row)
		}
		if row == "success success" {
			break
		}
	}
	if want := []string{"running", "success running", "success success"}; !slices.Equal(seen, want) {
		t.Errorf("seen %s, wanted %s", fmt.Sprintf("%q", seen), want)
	}
}
