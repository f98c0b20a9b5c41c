package persistence

import (
	"errors"
	"fmt"

	"dbcalm-db-cmd/persistence/dbfile"
)

// Errors that callers decide on.
var (
	// ErrNotFound: no such row.
	ErrNotFound = errors.New("not found")
	// ErrExists: a backup of this id is recorded or being made.
	ErrExists = errors.New("exists already")
	// ErrStale: the operation is no longer at the state and sequence number
	// the change was made for; read it anew.
	ErrStale = errors.New("operation has moved on")
	// ErrCancelRequested: the change would leave a cancellable state although
	// a cancel was asked for; cancel instead.
	ErrCancelRequested = errors.New("cancel was requested")
	// ErrJobOpen: the change would leave a state whose program may still run:
	// its job has neither ended with the change nor been adopted.
	ErrJobOpen = errors.New("the state's program may still run")
	// ErrNewer: the database was written by a newer version of this program.
	ErrNewer = errors.New("database is of a newer version")
)

// ClaimedError says that an open operation's use of a backup forbids another.
type ClaimedError struct{ Holder Claim }

func (e *ClaimedError) Error() string {
	return fmt.Sprintf("operation %s %s backup '%s'", e.Holder.OperationID, e.Holder.Use, e.Holder.BackupID)
}

// Error is a failure of a database itself, with what to do about it.
type Error = dbfile.Error
