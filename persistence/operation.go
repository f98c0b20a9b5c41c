package persistence

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"time"

	"dbcalm-db-cmd/persistence/dbfile"
)

const operationColumns = `number, id, machine,
	coalesce((SELECT text FROM operation_definition WHERE hash = operation.definition), ''), backup_id, args, state, status, seq,
	attempt, data, failed_in, error, cancel_at, created_at, started_at, finished_at, replaces_data_directory, asked_by`

type scanner interface{ Scan(...any) error }

func scanOperation(row scanner) (Operation, error) {
	var o Operation
	var args, data string
	var cancel, created, started, finished dbfile.Stamp
	err := row.Scan(&o.Number, &o.ID, &o.Machine, &o.Definition, &o.BackupID, &args, &o.State, &o.Status, &o.Seq,
		&o.Attempt, &data, &o.FailedIn, &o.Error, &cancel, &created, &started, &finished, &o.ReplacesDataDirectory,
		&o.AskedBy)
	if errors.Is(err, sql.ErrNoRows) {
		return o, ErrNotFound
	}
	o.Args, o.Data = []byte(args), []byte(data)
	o.CancelAt, o.StartedAt, o.FinishedAt = cancel.Pointer(), started.Pointer(), finished.Pointer()
	o.CreatedAt = created.Time
	return o, err
}

func insertOperation(ctx context.Context, tx *ledgerTx, o Operation, claims []Claim, first Process) error {
	definition, err := storeDefinition(ctx, tx, o.Definition)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO operation (id, machine, definition, backup_id, args, state, status,
		seq, attempt, data, failed_in, error, created_at, replaces_data_directory, asked_by) VALUES (?,?,?,?,?,?,?,1,?,?,'','',?,?,?)`,
		o.ID, o.Machine, definition, o.BackupID, string(o.Args), o.State, o.Status, o.Attempt, string(o.Data),
		dbfile.At(o.CreatedAt), o.ReplacesDataDirectory, o.AskedBy)
	if err != nil {
		return err
	}
	for _, c := range claims {
		if _, err := tx.ExecContext(ctx, `INSERT INTO operation_claim (operation_id, backup_id, use) VALUES (?,?,?)`,
			o.ID, c.BackupID, c.Use); err != nil {
			return err
		}
	}
	accepted := Transition{Seq: 1, Event: "accept", To: o.State, Attempt: o.Attempt, At: o.CreatedAt, Reason: "command accepted"}
	if err := insertTransition(ctx, tx, o.ID, accepted); err != nil {
		return err
	}
	_, err = insertProcess(ctx, tx, first)
	return err
}

// checkClaims refuses uses of backups that exclude each other: nothing is
// made twice, nothing is deleted while it is read, nothing read while it is
// deleted.
func checkClaims(ctx context.Context, tx *ledgerTx, operation string, claims []Claim) error {
	for _, c := range claims {
		if c.Use == Makes {
			var n int
			if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM backup WHERE id = ?`, c.BackupID).Scan(&n); err != nil {
				return err
			}
			if n > 0 {
				return ErrExists
			}
		}
		var holder Claim
		err := tx.QueryRowContext(ctx, `SELECT c.operation_id, c.backup_id, c.use FROM operation_claim c
			JOIN operation o ON o.id = c.operation_id
			WHERE c.backup_id = ? AND c.operation_id <> ? AND o.status IN ('waiting', 'running')
			AND NOT (c.use = 'reads' AND ? = 'reads') ORDER BY o.number LIMIT 1`,
			c.BackupID, operation, c.Use).Scan(&holder.OperationID, &holder.BackupID, &holder.Use)
		switch {
		case errors.Is(err, sql.ErrNoRows):
		case err != nil:
			return err
		case c.Use == Makes && holder.Use == Makes:
			return ErrExists
		default:
			return &ClaimedError{Holder: holder}
		}
	}
	return nil
}

// Operation returns one operation, or ErrNotFound.
func (s *Store) Operation(ctx context.Context, id string) (Operation, error) {
	o, err := scanOperation(s.asked.QueryRowContext(ctx, `SELECT `+operationColumns+` FROM operation WHERE id = ?`, id))
	return o, s.explain("read operation", err)
}

// Operations returns the newest operations first, at most limit, of those
// whose state or status is the given word; an empty word means all.
func (s *Store) Operations(ctx context.Context, limit int, word string) ([]Operation, error) {
	if word == "" {
		return s.operations(ctx, `ORDER BY number DESC LIMIT ?`, limit)
	}
	// Each half is read from the end of an index; the rows hold texts of any length.
	return s.operations(ctx, `WHERE number IN (
		SELECT number FROM (SELECT number FROM operation WHERE state = ?1 ORDER BY number DESC LIMIT ?2)
		UNION SELECT number FROM (SELECT number FROM operation WHERE status = ?1 ORDER BY number DESC LIMIT ?2))
		ORDER BY number DESC LIMIT ?2`, word, limit)
}

// OperationsLike returns operations whose id begins with the given letters, at
// most limit, the newest first.
func (s *Store) OperationsLike(ctx context.Context, limit int, prefix string) ([]Operation, error) {
	// Ids are ASCII: whatever begins so is no greater than the letters and this.
	return s.operations(ctx, `WHERE number IN (SELECT number FROM operation WHERE id >= ?1 AND id < ?1 || char(0x10ffff) LIMIT ?2)
		ORDER BY number DESC`, prefix, limit)
}

// OpenOperations returns the waiting and running operations, oldest first.
func (s *Store) OpenOperations(ctx context.Context) ([]Operation, error) {
	return s.operations(ctx, `WHERE status IN ('waiting', 'running') ORDER BY number`)
}

func (s *Store) operations(ctx context.Context, where string, args ...any) ([]Operation, error) {
	// #nosec G202 -- only the program's own words are joined; values are arguments
	rows, err := s.asked.QueryContext(ctx, `SELECT `+operationColumns+` FROM operation `+where, args...)
	if err != nil {
		return nil, s.explain("list operations", err)
	}
	defer rows.Close()
	var list []Operation
	for rows.Next() {
		o, err := scanOperation(rows)
		if err != nil {
			return nil, s.explain("list operations", err)
		}
		list = append(list, o)
	}
	return list, s.explain("list operations", rows.Err())
}

// RequestCancel notes that an operation is to be cancelled, if it is still in
// a state of the given list; the first request's time stays. It returns
// ErrStale with the operation as it is when it is in none of them.
func (s *Store) RequestCancel(ctx context.Context, id string, at time.Time, states []string) (Operation, error) {
	var o Operation
	err := s.inTx(ctx, "record cancel", func(tx *ledgerTx) error {
		var err error
		if o, err = scanOperation(tx.QueryRowContext(ctx, `SELECT `+operationColumns+` FROM operation WHERE id = ?`, id)); err != nil {
			return err
		}
		if o.CancelAt != nil && o.Status.Open() {
			return nil
		}
		for _, state := range states {
			if o.State == state && o.Status.Open() {
				o.CancelAt = &at
				_, err := tx.ExecContext(ctx, `UPDATE operation SET cancel_at = ? WHERE id = ?`, dbfile.At(at), id)
				return err
			}
		}
		return ErrStale
	})
	return o, err
}

// RestoredSince returns when the data directory was last replaced, if that was
// after the backup was made; the zero time if not. A backup is later than a
// restore if its operation was accepted after that one and did not end before it:
// either may have been retried. The times decide only for a backup whose
// operation the ledger does not know; one that is taken now always has one, so
// whoever is told to take a new backup is helped by it.
func (s *Store) RestoredSince(ctx context.Context, b Backup) (time.Time, error) {
	var at dbfile.Stamp
	var restored, ended int64
	err := s.read.QueryRowContext(ctx, `SELECT replaced_at, end_number, operation_number FROM data_directory`).Scan(&at, &ended, &restored)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, s.explain("read last restore", err)
	}
	before := b.StartTime.Before(at.Time)
	if b.Number != 0 {
		var end sql.NullInt64
		if err := s.read.QueryRowContext(ctx, `SELECT max(e.number) FROM operation_end e JOIN operation o ON o.id = e.operation_id
			WHERE o.number = ?`, b.Number).Scan(&end); err != nil {
			return time.Time{}, s.explain("read the backup's end", err)
		}
		before = b.Number < restored || end.Valid && end.Int64 < ended
	}
	if before {
		return at.Time, nil
	}
	return time.Time{}, nil
}

// storeDefinition keeps the text of a machine's definition, once, and returns
// the hash that operations name it by.
func storeDefinition(ctx context.Context, tx dbfile.Transaction, text string) (string, error) {
	sum := sha256.Sum256([]byte(text))
	hash := hex.EncodeToString(sum[:])
	_, err := tx.ExecContext(ctx, `INSERT INTO operation_definition (hash, text) VALUES (?, ?) ON CONFLICT (hash) DO NOTHING`, hash, text)
	return hash, err
}
