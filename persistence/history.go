package persistence

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"dbcalm-db-cmd/persistence/dbfile"
)

// History is what is kept of operations that are over. It leaves the ledger in
// small bites, each a transaction of its own that commands wait for no longer
// than for one another:
//
//	Old ──▶ Forget: rows, one transaction ──▶ shared file (outbox)
//	                  └▶ operation_forgotten ──▶ logs removed ──▶ LogsRemoved
//
// Broken off anywhere, it goes on where it was: an operation is whole or gone,
// and one that is gone is known until its logs are gone too.
//
// What stays: open operations, the newest ones, those that a recorded backup or
// restore names or that found damage in a backup, those whose on_finish command
// is owed, and what is counted of all of them (figure_… and data_directory).
// Which backups were made here, and what verifications found, is no history:
// it stays, a row a backup.
type History struct{ store *Store }

// NewHistory returns the history of a store.
func NewHistory(s *Store) *History { return &History{s} }

// Age says which operations are old: those that ended before a time, but for so
// many of the newest.
type Age struct {
	Before time.Time
	Newest int
}

// Place is how far a walk through the old operations is; its zero value is the
// beginning.
type Place struct {
	finished string
	number   int64
}

// old is the condition for an operation to be let go: ?1 is the time, ?2 the
// highest number that is not among the newest.
const old = `operation.finished_at < ?1 AND operation.number <= ?2 AND operation.status NOT IN ('waiting', 'running')
	AND NOT EXISTS (SELECT 1 FROM operation_end e WHERE e.operation_id = operation.id AND e.on_finish = 'owed')
	AND NOT EXISTS (SELECT 1 FROM process p WHERE p.command_id = operation.id AND (
		EXISTS (SELECT 1 FROM backup b WHERE b.process_id = p.id) OR EXISTS (SELECT 1 FROM restore r WHERE r.process_id = p.id)))
	AND operation.id NOT IN (SELECT failed_in FROM operation_verification)`

// Old returns operations that may be let go, at most limit, those that ended
// first first, and where to go on; none when there are no more.
func (h *History) Old(ctx context.Context, age Age, after Place, limit int) ([]Operation, Place, error) {
	highest, err := h.highest(ctx, h.store.read, age)
	if err != nil || highest == 0 {
		return nil, after, h.store.explain("read history", err)
	}
	list, err := h.store.operations(ctx, `WHERE `+old+` AND (operation.finished_at, operation.number) > (?3, ?4)
		ORDER BY operation.finished_at, operation.number LIMIT ?5`, dbfile.At(age.Before), highest, after.finished, after.number, limit)
	if err != nil || len(list) == 0 {
		return nil, after, err
	}
	last := list[len(list)-1]
	finished, err := dbfile.StampOf(last.FinishedAt).Value()
	if err != nil {
		return nil, after, err
	}
	return list, Place{finished.(string), last.Number}, nil
}

// highest returns the highest number of an operation that is not among the
// newest; 0 for none.
func (h *History) highest(ctx context.Context, db interface {
	QueryRowContext(context.Context, string, ...any) *sql.Row
}, age Age) (int64, error) {
	var number int64
	err := db.QueryRowContext(ctx, `SELECT number FROM operation ORDER BY number DESC LIMIT 1 OFFSET ?`, age.Newest).Scan(&number)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return number, err
}

// Forget lets go of those of the given operations that are still old, with all
// their rows, and returns their ids.
func (h *History) Forget(ctx context.Context, age Age, ids []string) (gone []string, err error) {
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	err = h.store.inTx(ctx, "forget operations", func(tx *ledgerTx) error {
		highest, err := h.highest(ctx, tx.Tx, age)
		if err != nil {
			return err
		}
		gone, err = texts(ctx, tx, `SELECT operation.id FROM json_each(?3) j CROSS JOIN operation ON operation.id = j.value WHERE `+old,
			dbfile.At(age.Before), highest, string(list))
		if err != nil || len(gone) == 0 {
			return err
		}
		return forget(ctx, tx, gone)
	})
	return gone, err
}

// forget removes the rows of operations, and notes that their logs are to go.
func forget(ctx context.Context, tx *ledgerTx, ids []string) error {
	list, err := json.Marshal(ids)
	if err != nil {
		return err
	}
	for _, statement := range []string{
		`INSERT OR IGNORE INTO operation_forgotten (id) SELECT value FROM json_each(?)`,
		`DELETE FROM operation_request WHERE operation_id IN (SELECT value FROM json_each(?))`,
		`DELETE FROM operation_claim WHERE operation_id IN (SELECT value FROM json_each(?))`,
		`DELETE FROM operation_job WHERE operation_id IN (SELECT value FROM json_each(?))`,
		`DELETE FROM operation_end WHERE operation_id IN (SELECT value FROM json_each(?))`,
		`DELETE FROM operation_transition WHERE operation_id IN (SELECT value FROM json_each(?))`,
		`DELETE FROM process WHERE command_id IN (SELECT value FROM json_each(?))`,
		`DELETE FROM operation WHERE id IN (SELECT value FROM json_each(?))`,
	} {
		if _, err := tx.ExecContext(ctx, statement, string(list)); err != nil {
			return err
		}
	}
	tx.touched.forgotten = append(tx.touched.forgotten, ids...)
	return nil
}

// LogsToRemove returns operations, at most limit, that were let go and whose logs
// may still be there.
func (h *History) LogsToRemove(ctx context.Context, limit int) ([]string, error) {
	var ids []string
	err := h.store.each(ctx, `SELECT id FROM operation_forgotten LIMIT ?`, func(row scanner) error {
		var id string
		err := row.Scan(&id)
		ids = append(ids, id)
		return err
	}, limit)
	return ids, h.store.explain("read history", err)
}

// LogsRemoved notes that the logs of operations are gone.
func (h *History) LogsRemoved(ctx context.Context, ids []string) error {
	list, err := json.Marshal(ids)
	if err != nil {
		return err
	}
	return h.store.inTx(ctx, "forget operations", func(tx *ledgerTx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM operation_forgotten WHERE id IN (SELECT value FROM json_each(?))`, string(list))
		return err
	})
}

// shrinkPages is how many pages of a file are given back at a time.
const shrinkPages = 64

// Shrink gives back to the file system a little of what the two files no longer
// need, and reports whether there is more to give.
func (h *History) Shrink(ctx context.Context) (more bool, err error) {
	if err := h.store.rigid; err != nil {
		return false, err
	}
	more, err = dbfile.Shrink(ctx, h.store.write, shrinkPages)
	if err != nil {
		return false, h.store.explain("shrink ledger", err)
	}
	moreShared, err := h.store.shared.shrink(ctx)
	return more || moreShared, err
}

// texts returns the one column of a query's rows.
func texts(ctx context.Context, tx dbfile.Transaction, query string, args ...any) ([]string, error) {
	var list []string
	err := collect(ctx, tx, func(row scanner) error {
		var text string
		err := row.Scan(&text)
		list = append(list, text)
		return err
	}, query, args...)
	return list, err
}
