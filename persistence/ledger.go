package persistence

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"dbcalm-db-cmd/persistence/dbfile"
)

// ledgerName is the file in the state folder that holds what is ours.
const ledgerName = "ledger.sqlite3"

// LedgerPath returns where the ledger of a state folder lies.
func LedgerPath(stateDir string) string { return filepath.Join(stateDir, ledgerName) }

// ledgerMode lets nobody but the daemon's user see or change the ledger.
const ledgerMode = 0o600

const (
	// readers may read the ledger at once.
	readers = 4
	// readerRest is how long one that is not needed is kept, with its memory.
	readerRest = 10 * time.Second
)

// ledger is the open ledger.
type ledger struct {
	path string
	// write has one connection: SQLite has one writer, and queueing here is
	// fairer than SQLite's busy loop.
	write *sql.DB
	read  *sql.DB
	// asked are the questions to read that come often, said what is written.
	asked, said *dbfile.Statements
	// rigid is why the file cannot give back what it no longer needs; nil if it can.
	rigid error
	// examination is the look for damage.
	examination *dbfile.Examination
}

// openLedger opens the ledger, makes it where it is missing and migrates it. Damage
// is an error, or, of a large one, told to damaged when it is found: the look for
// it then begins after so long.
func openLedger(ctx context.Context, path string, after time.Duration, damaged func(error)) (*ledger, error) {
	l := &ledger{path: path}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("create folder of the ledger: %w", err)
	}
	// #nosec G304 -- below state_dir, where nobody else can enter
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, ledgerMode)
	if err != nil {
		return nil, fmt.Errorf("open ledger: %w: check that its file system is mounted, has room and may be written", err)
	}
	if err := f.Close(); err != nil {
		return nil, l.explain("open ledger", err)
	}
	if l.write, err = sql.Open("sqlite", dbfile.DSN(path, true, nil)); err != nil {
		return nil, l.explain("open ledger", err)
	}
	l.write.SetMaxOpenConns(1)
	l.said = dbfile.NewStatements(l.write)
	if l.read, err = sql.Open("sqlite", dbfile.DSN(path, false, nil)); err != nil {
		return nil, l.explain("open ledger", err)
	}
	l.read.SetMaxOpenConns(readers)
	// One that is closed and opened again for each question costs more than that.
	l.read.SetMaxIdleConns(readers)
	l.read.SetConnMaxIdleTime(readerRest)
	l.asked = dbfile.NewStatements(l.read)
	// Made by an earlier program, it is written anew for this, which needs room for
	// a second one. A ledger that cannot shrink works all the same.
	if err := dbfile.MakeShrinkable(ctx, l.write); err != nil {
		l.rigid = l.explain("make the ledger one that can shrink", err)
	}
	if err := migrate(ctx, l.write); err != nil {
		_ = l.close()
		return nil, l.explain("open ledger", err)
	}
	if l.examination, err = dbfile.Examine(ctx, path, "check ledger", after, damaged); err != nil {
		_ = l.close()
		return nil, l.explain("check ledger", err)
	}
	return l, nil
}

// close closes the ledger. Calling it twice is fine.
func (l *ledger) close() error {
	if l.examination != nil {
		l.examination.Stop()
	}
	var first error
	for _, db := range []*sql.DB{l.read, l.write} {
		if db == nil {
			continue
		}
		if err := db.Close(); err != nil && first == nil {
			first = l.explain("close ledger", err)
		}
	}
	return first
}

// ledgerTx is one write transaction of the ledger. It remembers which of the
// rows it touches are to be seen in the shared file.
type ledgerTx struct {
	*dbfile.Tx
	touched touched
}

// inTx runs work in one transaction of the ledger and commits it, together with
// what the shared file is to be told of it; that is then delivered if the file
// lets us, and later if not.
func (s *Store) inTx(ctx context.Context, op string, work func(*ledgerTx) error) error {
	told, err := s.commit(ctx, op, work)
	if err == nil && told {
		s.shared.reached("ledger-committed")
		s.shared.deliverNow(ctx)
	}
	return err
}

// commit is inTx without the delivery. It reports whether there is something to
// deliver.
func (l *ledger) commit(ctx context.Context, op string, work func(*ledgerTx) error) (bool, error) {
	begun, err := l.said.Begin(ctx)
	if err != nil {
		return false, l.explain(op, err)
	}
	defer begun.End(ctx)
	tx := &ledgerTx{Tx: begun}
	if err := work(tx); err != nil {
		return false, l.explain(op, err)
	}
	told, err := putInOutbox(ctx, tx)
	if err != nil {
		return false, l.explain(op, err)
	}
	if err := tx.Commit(); err != nil {
		return false, l.explain(op, err)
	}
	return told, nil
}

// explain wraps SQLite's errors with what to do about them, and leaves all
// others as they are.
func (l *ledger) explain(op string, err error) error { return dbfile.Explain(l.path, op, err) }
