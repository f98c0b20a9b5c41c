package dbfile

import (
	"context"
	"database/sql"
	"sync"
)

// Statements are what is asked of a file again and again, each understood once for
// each connection: to understand a question takes SQLite longer than to answer it.
// Only for texts that are constants, for none is ever forgotten.
type Statements struct {
	db       *sql.DB
	mu       sync.Mutex
	prepared map[string]*sql.Stmt
}

// NewStatements returns statements of which none was asked yet. They end with db.
func NewStatements(db *sql.DB) *Statements {
	return &Statements{db: db, prepared: map[string]*sql.Stmt{}}
}

// QueryContext is that of the file.
func (s *Statements) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	statement, err := s.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	return statement.QueryContext(ctx, args...)
}

// QueryRowContext is that of the file.
func (s *Statements) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	statement, err := s.prepare(ctx, query)
	if err != nil {
		// The row has to tell of the error, which only the file can make it do.
		return s.db.QueryRowContext(ctx, query, args...)
	}
	return statement.QueryRowContext(ctx, args...)
}

func (s *Statements) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	s.mu.Lock()
	statement, found := s.prepared[query]
	s.mu.Unlock()
	if found {
		return statement, nil
	}
	statement, err := s.db.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if other, found := s.prepared[query]; found {
		_ = statement.Close()
		return other, nil
	}
	s.prepared[query] = statement
	return statement, nil
}
