package api

import (
	"errors"
	"fmt"

	"dbcalm-db-cmd/persistence"
)

// Kind says what a caller should do with a refused command. The wire turns it
// into a code.
type Kind int

// The kinds of refusal.
const (
	// Internal: the daemon could not do its part; its log says why.
	Internal Kind = iota
	// Invalid: the request itself is wrong; sending it again is pointless.
	Invalid
	// NotFound: something the request names does not exist.
	NotFound
	// Conflict: the request clashes with what exists or is under way.
	Conflict
	// Unavailable: the host is not in a state to do this; mend it, then retry.
	Unavailable
	// Forbidden: whoever asks may not have this done.
	Forbidden
)

// Error is a refusal with a sentence for the person who asked.
type Error struct {
	Kind    Kind
	Message string
	// Err is the cause, for the log; it may be nil.
	Err error
}

func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of the first Error in err's chain, and Internal for
// any other error.
func KindOf(err error) Kind {
	var refusal *Error
	if errors.As(err, &refusal) {
		return refusal.Kind
	}
	return Internal
}

// Refuse returns a refusal with a sentence.
func Refuse(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// Failure returns the refusal that an error of the daemon's own work is.
func Failure(err error) error {
	var broken *persistence.Error
	if errors.As(err, &broken) {
		return &Error{Kind: Unavailable, Message: broken.Error(), Err: err}
	}
	return &Error{Kind: Internal, Message: err.Error(), Err: err}
}
