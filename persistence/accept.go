package persistence

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"dbcalm-db-cmd/persistence/dbfile"
)

// Acceptance is a new operation as it is recorded, all or nothing: with its claims,
// its first transition and its first process row. Request is what asked for it, if
// that has an id.
type Acceptance struct {
	Operation Operation
	Claims    []Claim
	First     Process
	Request   *Request
}

// Accept records new operations in one transaction, and returns for each why it is
// not: ErrExists when a backup it makes is recorded or being made, and
// *ClaimedError when an open operation's use of a backup forbids this one's.
// errRequestKnown comes before any other refusal: what the command clashes with may
// be the operation it has begun itself.
//
// Where it returns nil, the process row is in the shared file: clients look for
// it as soon as they have their answer. While that file cannot be written, or
// once the ledger was found damaged, nothing is accepted, with an *Error that
// names it.
func (s *Store) Accept(ctx context.Context, all ...Acceptance) []error {
	refused := make([]error, len(all))
	for i, a := range all {
		refused[i] = s.explain("read request", checkRequest(ctx, s.asked, a.Request))
	}
	if !slices.Contains(refused, nil) {
		return refused
	}
	recorded, err := s.record(ctx, all, refused)
	if err == nil {
		return recorded
	}
	for i := range refused {
		if refused[i] == nil {
			refused[i] = err
		}
	}
	return refused
}

// record records those that are not refused already, and returns why the others
// are. An error is one for all, and none of them is recorded then.
func (s *Store) record(ctx context.Context, all []Acceptance, before []error) (refused []error, err error) {
	if err := s.examination.Damage(); err != nil {
		return nil, err
	}
	if err := s.withdrawAll(ctx); err != nil {
		return nil, err
	}
	s.shared.learn(ctx)
	if err := s.shared.ready(ctx); err != nil {
		return nil, err
	}
	told, err := s.commit(ctx, "record operation", func(tx *ledgerTx) error {
		refused = slices.Clone(before)
		for i, a := range all {
			if refused[i] != nil {
				continue
			}
			var err error
			if refused[i], err = acceptOperation(ctx, tx, a); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || !told {
		return refused, err
	}
	s.shared.reached("ledger-committed")
	if err = s.shared.deliver(ctx); err == nil {
		return refused, nil
	}
	for i, a := range all {
		if refused[i] == nil {
			s.withdrawals.add(a.Operation.ID)
		}
	}
	if undone := s.withdrawAll(context.WithoutCancel(ctx)); undone != nil {
		return nil, fmt.Errorf("%w; what is recorded of it is removed as soon as that can be written: %w", err, undone)
	}
	return nil, err
}

// acceptOperation records one operation, or says why it is refused: then nothing
// has been written.
func acceptOperation(ctx context.Context, tx *ledgerTx, a Acceptance) (refused, err error) {
	err = checkRequest(ctx, tx, a.Request)
	if err == nil {
		err = checkClaims(ctx, tx, a.Operation.ID, a.Claims)
	}
	if _, claimed := errors.AsType[*ClaimedError](err); claimed || errors.Is(err, ErrExists) || errors.Is(err, errRequestKnown) {
		return err, nil
	}
	if err != nil {
		return nil, err
	}
	if err := insertOperation(ctx, tx, a.Operation, a.Claims, a.First); err != nil || a.Request == nil {
		return nil, err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO operation_request (id, command, args, operation_id, at) VALUES (?,?,?,?,?)`,
		a.Request.ID, a.Request.Command, a.Request.Args, a.Operation.ID, dbfile.At(a.Operation.CreatedAt))
	return nil, err
}

// checkRequest refuses a request that was accepted before.
func checkRequest(ctx context.Context, in interface {
	QueryRowContext(context.Context, string, ...any) *sql.Row
}, r *Request) error {
	if r == nil {
		return nil
	}
	var known bool
	if err := in.QueryRowContext(ctx, `SELECT count(*) > 0 FROM operation_request WHERE id = ?`, r.ID).Scan(&known); err != nil {
		return err
	}
	if known {
		return errRequestKnown
	}
	return nil
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
	err := l.asked.QueryRowContext(ctx, `SELECT id, command, args, operation_id, at FROM operation_request WHERE id = ?`, id).
		Scan(&r.ID, &r.Command, &r.Args, &r.OperationID, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return r, ErrNotFound
	}
	r.At = at.Time
	return r, l.explain("read request", err)
}
