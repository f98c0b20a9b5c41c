package dbfile

import (
	"context"
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Error is a failure of the database itself, with what to do about it.
type Error struct {
	Op   string
	Path string
	Hint string
	Err  error
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s %s: %v (%s)", e.Op, e.Path, e.Err, e.Hint)
}

// Unwrap returns SQLite's error.
func (e *Error) Unwrap() error { return e.Err }

// CorruptHint is what to do about a damaged database.
const CorruptHint = "it is damaged: move it aside with its -wal and -shm files, " +
	"save what it still holds with sqlite3's .dump, then start again"

// hints tells what to do, by SQLite's primary result code
// (https://www.sqlite.org/rescode.html).
var hints = map[int]string{
	sqlite3.SQLITE_FULL:     "the disk is full: free space on it",
	sqlite3.SQLITE_BUSY:     "another program holds a lock on it: find it with fuser or lsof",
	sqlite3.SQLITE_LOCKED:   "another program holds a lock on it: find it with fuser or lsof",
	sqlite3.SQLITE_READONLY: "it cannot be written: check its owner and mode, and that the file system is not mounted read-only",
	sqlite3.SQLITE_IOERR:    "the disk failed or is full: check the kernel log and free space",
	sqlite3.SQLITE_CORRUPT:  CorruptHint,
	sqlite3.SQLITE_NOTADB: "it is no SQLite database or is damaged: check database_path, or move the file aside, " +
		"save what it still holds with sqlite3's .dump, and start again",
	sqlite3.SQLITE_CANTOPEN: "it cannot be opened: check that its folder exists and may be entered and written by this user",
	sqlite3.SQLITE_PERM:     "access was refused: check its owner and mode",
}

// Explain makes an *Error of a failure that SQLite is to blame for; op and path say
// of what. One that is explained already stays as it is.
func Explain(path, op string, err error) error {
	if err == nil {
		return nil
	}
	var known *Error
	if errors.As(err, &known) {
		return err
	}
	var bad *damaged
	if errors.As(err, &bad) {
		return &Error{Op: op, Path: path, Hint: CorruptHint, Err: err}
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		hint, known := hints[lite.Code()&0xff]
		if !known {
			hint = "see https://www.sqlite.org/rescode.html"
		}
		return &Error{Op: op, Path: path, Hint: hint, Err: err}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return &Error{Op: op, Path: path, Hint: "another program holds a lock on it, or its disk does not answer", Err: err}
	}
	return fmt.Errorf("%s %s: %w", op, path, err)
}
