package persistence

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"dbcalm-db-cmd/persistence/dbfile"
)

// End is one end of an operation. Its row is never changed but for what became
// of the on_finish command; an operation that is retried ends again, with a
// row of its own.
type End struct {
	// Number orders the ends.
	Number      int64
	OperationID string
	// Seq is the transition that ended the operation.
	Seq      int64
	Machine  string
	BackupID string
	State    string
	Status   Status
	Attempt  int
	// FailedIn is the state whose failure ended the operation.
	FailedIn  string
	Error     string
	StartedAt *time.Time
	At        time.Time
}

// onFinish says where the on_finish command of an end stands.
const (
	onFinishOwed   = "owed"
	onFinishDone   = "done"
	onFinishFailed = "failed"
)

const endColumns = `number, operation_id, seq, machine, backup_id, state, status, attempt, failed_in, error, started_at, at`

func scanEnd(row scanner) (End, error) {
	var e End
	var started, at dbfile.Stamp
	err := row.Scan(&e.Number, &e.OperationID, &e.Seq, &e.Machine, &e.BackupID, &e.State, &e.Status, &e.Attempt,
		&e.FailedIn, &e.Error, &started, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return e, ErrNotFound
	}
	e.StartedAt, e.At = started.Pointer(), at.Time
	return e, err
}

// insertEnd records the end of an operation whose row says that it has ended,
// and counts it.
func insertEnd(ctx context.Context, tx *ledgerTx, before Operation, c Change) error {
	onFinish := ""
	if c.OweOnFinish {
		onFinish = onFinishOwed
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO operation_end
		(operation_id, seq, machine, backup_id, state, status, attempt, failed_in, error, started_at, at, on_finish, on_finish_error)
		SELECT id, seq, machine, backup_id, state, status, attempt, failed_in, error, started_at, finished_at, ?, ''
		FROM operation WHERE id = ?`, onFinish, c.OperationID)
	if err != nil {
		return err
	}
	if before.ReplacesDataDirectory && c.Status == Succeeded {
		if err := noteReplaced(ctx, tx, before.Number, c); err != nil {
			return err
		}
	}
	return countEnd(ctx, tx, before, c)
}

// noteReplaced notes that the operation which has just ended has put other data
// into the server's data directory.
func noteReplaced(ctx context.Context, tx *ledgerTx, operation int64, c Change) error {
	var highest int64
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(operation_number), 0) FROM data_directory`).Scan(&highest); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM data_directory`); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO data_directory (replaced_at, end_number, operation_number)
		SELECT at, number, ? FROM operation_end WHERE operation_id = ? AND seq = ?`, max(highest, operation), c.OperationID, c.Seq+1)
	return err
}

// OwedOnFinish returns the first end whose on_finish command has not come to
// its own end, or ErrNotFound.
func (s *Store) OwedOnFinish(ctx context.Context) (End, error) {
	e, err := scanEnd(s.asked.QueryRowContext(ctx, `SELECT `+endColumns+` FROM operation_end
		WHERE on_finish = 'owed' ORDER BY number LIMIT 1`))
	return e, s.explain("read owed on_finish", err)
}

// SettleOnFinish records that the on_finish command of an end has run, and why
// it failed if it did.
func (s *Store) SettleOnFinish(ctx context.Context, number int64, failure string) error {
	became := onFinishDone
	if failure != "" {
		became = onFinishFailed
	}
	return s.inTx(ctx, "record on_finish", func(tx *ledgerTx) error {
		result, err := tx.ExecContext(ctx, `UPDATE operation_end SET on_finish = ?, on_finish_error = ?
			WHERE number = ? AND on_finish = 'owed'`, became, failure, number)
		if err != nil || became != onFinishFailed {
			return err
		}
		// Recorded twice, because the word of the first commit was lost, it counts once.
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE figure_on_finish SET failed = failed + 1`)
		return err
	})
}

// ForgetOnFinish lets go of every on_finish command that is owed, and tells of
// how many.
func (s *Store) ForgetOnFinish(ctx context.Context) (int64, error) {
	var n int64
	err := s.inTx(ctx, "forget on_finish", func(tx *ledgerTx) error {
		result, err := tx.ExecContext(ctx, `UPDATE operation_end SET on_finish = '' WHERE on_finish = 'owed'`)
		if err != nil {
			return err
		}
		n, err = result.RowsAffected()
		return err
	})
	return n, err
}
