package persistence

import (
	"context"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// Store is the open ledger with its projection, the shared file. Its methods
// may be called from any goroutine.
type Store struct {
	*ledger
	shared      *projection
	withdrawals withdrawals
}

// Options say where the two databases are, and who is told of them.
type Options struct {
	// StateDir is the folder of the ledger, Shared the path of the shared file.
	StateDir, Shared string
	// JobDirs are the folders that jobs' folders may lie in: one of an installation
	// that is moved over and lies elsewhere is not believed.
	JobDirs []string
	// Notice is called when the shared file begins to give trouble, with what is
	// wrong, and with nil when that is over; from one goroutine at a time. Nil
	// means that nobody wants to know.
	Notice func(error)
	// Damaged is called, from a goroutine of its own, when the look through a large
	// ledger, which goes on after Open has returned, finds damage in it. Nil means
	// that nobody wants to know.
	Damaged func(error)
	// ExamineAfter is how long the look through a large file waits for a start to be
	// over: it would slow that down.
	ExamineAfter time.Duration
	// Reached is called with the name of a place between two effects that must not
	// be told apart by what dies there, for tests that see to it. Nil for none.
	Reached func(effect string)
}

// Open opens the ledger and the shared file, and makes what is missing. A ledger
// that is not there is filled from the shared file, this once: an installation
// of before is moved over. Errors are of type *Error where SQLite is to blame.
//
// A shared file that cannot be used is an error only if there was no ledger:
// else the daemon has work to go on with, and the file waits.
func Open(ctx context.Context, o Options) (*Store, error) {
	fresh, err := move(ctx, o)
	if err != nil {
		return nil, err
	}
	damaged := o.Damaged
	if damaged == nil {
		damaged = func(error) {}
	}
	l, err := openLedger(ctx, LedgerPath(o.StateDir), o.ExamineAfter, damaged)
	if err != nil {
		return nil, err
	}
	s := &Store{ledger: l, shared: newProjection(l, o)}
	if err := s.claimOpenRows(ctx); err != nil {
		_ = s.Close()
		return nil, err
	}
	if err := s.shared.open(ctx); err != nil && fresh {
		_ = s.Close()
		return nil, err
	}
	s.shared.start()
	return s, nil
}

// Close closes both databases. Calling it twice is fine.
func (s *Store) Close() error {
	s.withdrawals.stop()
	s.shared.stop()
	return s.ledger.close()
}

// CheckWritable writes to the ledger, and changes nothing by it; and reports
// damage that was found in it, or what is wrong with the shared file, if that is
// not as the ledger says.
func (s *Store) CheckWritable(ctx context.Context) error {
	if err := s.examination.Damage(); err != nil {
		return err
	}
	_, err := s.commit(ctx, "write ledger", func(tx *ledgerTx) error {
		_, err := tx.ExecContext(ctx, `UPDATE operation_schema SET version = version WHERE version = (SELECT max(version) FROM operation_schema)`)
		return err
	})
	if err != nil {
		return err
	}
	return s.shared.ready(ctx)
}
