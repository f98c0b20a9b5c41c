package persistence

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dbcalm-db-cmd/persistence/shared"
)

func (d *database) owed() End {
	d.t.Helper()
	e, err := d.OwedOnFinish(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}
	return e
}

func (d *database) nothingOwed() {
	d.t.Helper()
	if e, err := d.OwedOnFinish(d.t.Context()); !errors.Is(err, ErrNotFound) {
		d.t.Errorf("owed is %+v, %v; want nothing", e, err)
	}
}

func owing(c *Change) { c.OweOnFinish = true }

func failing(c *Change) { c.Status, c.FailedIn, c.Error = Failed, "copy", "no luck" }

func TestEndsAreOwedInTheTransactionThatEnds(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	d.nothingOwed()
	first, second := d.accept(operation("1")), d.accept(operation("2"))
	second = d.apply(step(second, "start", "copy", owing))
	d.nothingOwed()
	d.apply(step(second, "failed", "failed", owing, failing))
	d.apply(step(first, "ok", "done", owing, func(c *Change) { c.Status = Succeeded }))

	d = openAt(t, d.path)
	e := d.owed()
	if e.OperationID != "2" || e.Seq != 3 || e.Machine != "full_backup" || e.BackupID != "b-2" || e.State != "failed" || e.Status != Failed ||
		e.Attempt != 1 || e.FailedIn != "copy" || e.Error != "no luck" || !e.At.Equal(minute(2)) || e.StartedAt == nil ||
		!e.StartedAt.Equal(minute(1)) {
		t.Errorf("the end is %+v", e)
	}
	if err := d.SettleOnFinish(t.Context(), e.Number, "ended with 3"); err != nil {
		t.Error(err)
	}
	e = d.owed()
	if e.OperationID != "1" || e.Status != Succeeded {
		t.Errorf("the next end is %+v", e)
	}
	if err := d.SettleOnFinish(t.Context(), e.Number, ""); err != nil {
		t.Error(err)
	}
	d.nothingOwed()
	same(t, "what became of them",
		list(t, d.ledgerDB(), `SELECT operation_id || ' ' || on_finish || ' ' || on_finish_error FROM operation_end ORDER BY number`),
		[]string{"2 failed ended with 3", "1 done "})
}

func TestEveryEndOfARetriedOperationIsKept(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	o := d.accept(operation("1"))
	o = d.apply(step(o, "failed", "failed", owing, failing))
	process := firstProcess(o)
	o = d.apply(step(o, "retry", "queued", owing, func(c *Change) { c.Status, c.Reopen, c.Attempt = Waiting, &process, 2 }))
	d.apply(step(o, "ok", "done", func(c *Change) { c.Status = Succeeded }))
	e := d.owed()
	if e.Seq != 2 || e.Status != Failed || e.Attempt != 1 || e.Error != "no luck" {
		t.Errorf("the first end is %+v", e)
	}
	same(t, "ends", list(t, d.ledgerDB(), `SELECT seq || ' ' || status || ' ' || attempt FROM operation_end ORDER BY number`),
		[]string{"2 failed 1", "4 succeeded 2"})
	if n, err := d.ForgetOnFinish(t.Context()); err != nil || n != 1 {
		t.Errorf("forgot %d, %v", n, err)
	}
	d.nothingOwed()
}

// A database of an older program has operations that ended before their ends
// were kept.
func TestOlderEndsAreKept(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "older.sqlite3")
	db := outsider(t, path)
	migrateUpTo(t, db, "CREATE TABLE operation_end")
	run(t, db, `INSERT INTO operation (id, machine, definition, backup_id, args,
			state, status, seq, attempt, data, failed_in, error, created_at, started_at, finished_at)
		VALUES ('old', 'full_backup', '', 'b', '{}', 'failed', 'failed', 7, 1, '{}', 'copy', 'no luck',
			'2026-03-04 12:00:00.000000+00:00', NULL, '2026-03-04 12:01:00.000000+00:00'),
		('open', 'full_backup', '', 'b', '{}', 'copy', 'running', 3, 1, '{}', '', '', '2026-03-04 12:00:00.000000+00:00', NULL, NULL)`)
	d := openAt(t, path)
	same(t, "ends", list(t, d.ledgerDB(),
		`SELECT operation_id || ' ' || seq || ' ' || status || ' ' || failed_in || ' ' || at FROM operation_end`),
		[]string{"old 7 failed copy 2026-03-04 12:01:00.000000+00:00"})
	d.nothingOwed()
}

// migrateUpTo makes the tables as they were before the migration that holds the
// given words.
func migrateUpTo(t *testing.T, db *sql.DB, words string) {
	t.Helper()
	older := slices.IndexFunc(migrations, func(m migration) bool { return strings.Contains(m.sql, words) })
	run(t, db, shared.Tables, `CREATE TABLE operation_schema (version INTEGER NOT NULL)`)
	for i, m := range migrations[:older] {
		run(t, db, m.sql, fmt.Sprintf(`INSERT INTO operation_schema VALUES (%d)`, i+1))
	}
}
