package persistence

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"time"

	"dbcalm-db-cmd/persistence/dbfile"
)

// Accept records a new operation with its claims, its first transition and
// its first process row, all or nothing. It returns ErrExists when a backup
// the operation makes is recorded or being made, and *ClaimedError when an
// open operation's use of a backup forbids this one's.
//
// When it returns nil, the process row is in the shared file: clients look for
// it as soon as they have their answer. While that file cannot be written, or
// once the ledger was found damaged, nothing is accepted, with an *Error that
// names it.
func (s *Store) Accept(ctx context.Context, o Operation, claims []Claim, first Process) error {
	return s.accept(ctx, o, func(tx *ledgerTx) error { return acceptOperation(ctx, tx, o, claims, first) })
}

// AcceptOnce is Accept for a command with a request id, recorded in the same
// transaction. errRequestKnown comes before any other refusal: what the
// command clashes with may be the operation it has begun itself.
func (s *Store) AcceptOnce(ctx context.Context, r Request, o Operation, claims []Claim, first Process) error {
	var known int
	if err := s.read.QueryRowContext(ctx, `SELECT count(*) FROM operation_request WHERE id = ?`, r.ID).Scan(&known); err != nil {
		return s.explain("read request", err)
	}
	if known > 0 {
		return errRequestKnown
	}
	return s.accept(ctx, o, func(tx *ledgerTx) error {
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM operation_request WHERE id = ?`, r.ID).Scan(&known); err != nil {
			return err
		}
		if known > 0 {
			return errRequestKnown
		}
		if err := acceptOperation(ctx, tx, o, claims, first); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO operation_request (id, command, args, operation_id, at) VALUES (?,?,?,?,?)`,
			r.ID, r.Command, r.Args, o.ID, dbfile.At(o.CreatedAt))
		return err
	})
}

func (s *Store) accept(ctx context.Context, o Operation, record func(*ledgerTx) error) error {
	if err := s.examination.Damage(); err != nil {
		return err
	}
	if err := s.withdrawAll(ctx); err != nil {
		return err
	}
	s.shared.learn(ctx)
	if err := s.shared.ready(ctx); err != nil {
		return err
	}
	if _, err := s.commit(ctx, "record operation", record); err != nil {
		return err
	}
	s.shared.reached("ledger-committed")
	err := s.shared.deliver(ctx)
	if err == nil {
		return nil
	}
	s.withdrawals.add(o.ID)
	if undone := s.withdrawAll(context.WithoutCancel(ctx)); undone != nil {
		return fmt.Errorf("%w; what is recorded of it is removed as soon as that can be written: %w", err, undone)
	}
	return err
}

// claimOpenRows makes this daemon the process of those rows whose program does
// not run yet: the one before may have had another pid.
func (s *Store) claimOpenRows(ctx context.Context) error {
	_, err := s.commit(ctx, "take over process rows", func(tx *ledgerTx) error {
		rows, err := tx.QueryContext(ctx, `SELECT max(p.id) FROM operation o JOIN process p ON p.command_id = o.id
			WHERE o.status IN ('waiting', 'running') GROUP BY o.id HAVING p.pid IS NULL AND p.daemon_pid IS NOT ?`, os.Getpid())
		if err != nil {
			return err
		}
		defer rows.Close()
		var ids []int64
		for rows.Next() {
			var id int64
			if err := rows.Scan(&id); err != nil {
				return err
			}
			ids = append(ids, id)
		}
		if err := rows.Err(); err != nil {
			return err
		}
		for _, id := range ids {
			if _, err := tx.ExecContext(ctx, `UPDATE process SET daemon_pid = ? WHERE id = ?`, os.Getpid(), id); err != nil {
				return err
			}
			tx.touched.process(id)
		}
		return nil
	})
	return err
}

// errRequestKnown: a command with this request id has been accepted before;
// Request tells which.
var errRequestKnown = errors.New("request was accepted before")

// Request is a command that its client has given a name, so that it can be
// sent again without being carried out again. Its row lives as long as that of
// the operation it began.
type Request struct {
	ID string
	// Command and Args are what the client asked for. Sent again under the same
	// ID, they must be the same.
	Command     string
	Args        string
	OperationID string
	At          time.Time
}

// Request returns the accepted command of a request id, or ErrNotFound.
func (l *ledger) Request(ctx context.Context, id string) (Request, error) {
	var r Request
	var at dbfile.Stamp
	err := l.read.QueryRowContext(ctx, `SELECT id, command, args, operation_id, at FROM operation_request WHERE id = ?`, id).
		Scan(&r.ID, &r.Command, &r.Args, &r.OperationID, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return r, ErrNotFound
	}
	r.At = at.Time
	return r, l.explain("read request", err)
}
