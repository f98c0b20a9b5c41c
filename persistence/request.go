package persistence

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"dbcalm-db-cmd/persistence/dbfile"
)

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
