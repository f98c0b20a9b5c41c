package persistence

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// busyTimeout bounds the wait for another program's lock. It stays below what
// a waiting client would put up with; the manager tries again on its own.
const busyTimeout = 2 * time.Second

// fileMode lets the API server, another user of the same group, write the
// shared database.
const fileMode = 0o660

// Store is the open database. Its methods may be called from any goroutine.
type Store struct {
	path string
	// write has one connection: SQLite has one writer, and queueing here is
	// fairer than SQLite's busy loop.
	write *sql.DB
	read  *sql.DB
}

// Open opens the database at path, creates it and its tables where missing
// and migrates ours. Errors are of type *Error where SQLite is to blame.
func Open(ctx context.Context, path string) (*Store, error) {
	s := &Store{path: path}
	if err := os.MkdirAll(filepath.Dir(path), 0o770); err != nil {
		return nil, fmt.Errorf("create folder of the state database: %w", err)
	}
	if err := createFile(path); err != nil {
		return nil, err
	}
	var err error
	if s.write, err = sql.Open("sqlite", dsn(path, true)); err != nil {
		return nil, s.explain("open state database", err)
	}
	s.write.SetMaxOpenConns(1)
	if s.read, err = sql.Open("sqlite", dsn(path, false)); err != nil {
		return nil, s.explain("open state database", err)
	}
	s.read.SetMaxOpenConns(4)
	if err := migrate(ctx, s.write); err != nil {
		_ = s.Close()
		return nil, s.explain("open state database", err)
	}
	if err := s.quickCheck(ctx); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// createFile makes the database with the shared mode whatever the umask is,
// and gives it its folder's group; SQLite copies both to the -wal and -shm
// files. An existing file is left as it is.
func createFile(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, fileMode)
	if os.IsExist(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("create state database: %w", err)
	}
	defer f.Close()
	if err := f.Chmod(fileMode); err != nil {
		return fmt.Errorf("set mode of the state database: %w", err)
	}
	folder, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("create state database: %w", err)
	}
	if owner, ok := folder.Sys().(*syscall.Stat_t); ok {
		// An ordinary user may not be a member of the folder's group; its own
		// group is then the one that shares the file.
		if err := f.Chown(-1, int(owner.Gid)); err != nil && !os.IsPermission(err) {
			return fmt.Errorf("set group of the state database: %w", err)
		}
	}
	return nil
}

// dsn leaves foreign keys unenforced: backup refers to the table schedule,
// which is another program's, and while that is missing SQLite refuses every
// insert with "no such table". What the keys promise, our statements keep.
func dsn(path string, write bool) string {
	q := url.Values{"_pragma": {
		fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()),
		"journal_mode(WAL)", "synchronous(FULL)",
	}}
	if write {
		q.Set("_txlock", "immediate")
	}
	return fileURL(path, q)
}

func fileURL(path string, query url.Values) string {
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: query.Encode()}).String()
}

// quickCheck refuses a database whose pages are damaged, before anything
// relies on it.
func (s *Store) quickCheck(ctx context.Context) error {
	var verdict string
	if err := s.read.QueryRowContext(ctx, `PRAGMA quick_check(1)`).Scan(&verdict); err != nil {
		return s.explain("check state database", err)
	}
	if verdict != "ok" {
		return &Error{Op: "check state database", Path: s.path, Hint: corruptHint, Err: fmt.Errorf("damaged: %s", verdict)}
	}
	return nil
}

// Close closes the database. Calling it twice is fine.
func (s *Store) Close() error {
	var first error
	for _, db := range []*sql.DB{s.read, s.write} {
		if db == nil {
			continue
		}
		if err := db.Close(); err != nil && first == nil {
			first = s.explain("close state database", err)
		}
	}
	return first
}

// inTx runs work in one write transaction and commits it.
func (s *Store) inTx(ctx context.Context, op string, work func(*sql.Tx) error) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return s.explain(op, err)
	}
	defer func() { _ = tx.Rollback() }()
	if err := work(tx); err != nil {
		return s.explain(op, err)
	}
	return s.explain(op, tx.Commit())
}
