package dbfile

import (
	"database/sql"
	"path/filepath"
	"testing"
)

// What a transaction has said first, later ones say as a prepared statement, with
// the same effect; of several statements in one text all are run each time.
func TestTransactionsLearn(t *testing.T) {
	t.Parallel()
	db, err := sql.Open("sqlite", DSN(filepath.Join(t.TempDir(), "db.sqlite3"), true, nil))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	statements := NewStatements(db)
	const insert, count = `INSERT INTO t (word) VALUES (?)`, `SELECT count(*) FROM t`
	for round := range 3 {
		tx, err := statements.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.ExecContext(t.Context(), `CREATE TABLE IF NOT EXISTS t (word TEXT); DELETE FROM t WHERE word = 'again'`); err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"again", "kept"} {
			if _, err := tx.ExecContext(t.Context(), insert, word); err != nil {
				t.Fatal(err)
			}
		}
		var n int
		if err := tx.QueryRowContext(t.Context(), count).Scan(&n); err != nil || n != round+2 {
			t.Errorf("round %d: %d rows, %v", round, n, err)
		}
		rows, err := tx.QueryContext(t.Context(), `SELECT word FROM t`)
		if err != nil {
			t.Fatal(err)
		}
		for n = 0; rows.Next(); {
			n++
		}
		if err := rows.Err(); err != nil || n != round+2 {
			t.Errorf("round %d: %d rows are listed, %v", round, n, err)
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		tx.End(t.Context())
		if len(statements.prepared) != 3 {
			t.Errorf("round %d: %d statements are prepared, want 3", round, len(statements.prepared))
		}
	}
}
