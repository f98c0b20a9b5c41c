package persistence

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// ErrRequestKnown: a command with this request id has been accepted before;
// Request tells which.
var ErrRequestKnown = errors.New("request was accepted before")

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

// AcceptOnce is Accept for a command with a request id, recorded in the same
// transaction. ErrRequestKnown comes before any other refusal: what the
// command clashes with may be the operation it has begun itself.
func (s *Store) AcceptOnce(ctx context.Context, r Request, o Operation, claims []Claim, first Process) error {
	return s.inTx(ctx, "record operation", func(tx *sql.Tx) error {
		var n int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM operation_request WHERE id = ?`, r.ID).Scan(&n); err != nil {
			return err
		}
		if n > 0 {
			return ErrRequestKnown
		}
		if err := acceptOperation(ctx, tx, o, claims, first); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO operation_request (id, command, args, operation_id, at) VALUES (?,?,?,?,?)`,
			r.ID, r.Command, r.Args, o.ID, stamp{o.CreatedAt})
		return err
	})
}

// Request returns the accepted command of a request id, or ErrNotFound.
func (s *Store) Request(ctx context.Context, id string) (Request, error) {
	var r Request
	var at stamp
	err := s.read.QueryRowContext(ctx, `SELECT id, command, args, operation_id, at FROM operation_request WHERE id = ?`, id).
		Scan(&r.ID, &r.Command, &r.Args, &r.OperationID, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return r, ErrNotFound
	}
	r.At = at.Time
	return r, s.explain("read request", err)
}
