package dbfile

import (
	"context"
	"database/sql"
	"strings"
)

// maxLearned bounds the statements that transactions leave behind: a text that is
// put together anew each time must not be kept for ever.
const maxLearned = 200

// Tx is a transaction on the one connection of a file that writes. What it asks or
// does once, later ones need not have understood again.
type Tx struct {
	*sql.Tx
	statements *Statements
	// unknown are the texts that were not prepared: while the transaction has the
	// connection, nothing can be.
	unknown []string
}

// Transaction is one with statements, or one without.
type Transaction interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Begin begins a transaction that uses the statements. End must follow.
func (s *Statements) Begin(ctx context.Context) (*Tx, error) {
	tx, err := s.db.BeginTx(ctx, nil)
	return &Tx{Tx: tx, statements: s}, err
}

// End takes back what was not committed, and prepares the statements that the
// transaction lacked.
func (t *Tx) End(ctx context.Context) {
	_ = t.Rollback()
	for _, query := range t.unknown {
		if _, err := t.statements.prepare(ctx, query); err != nil {
			// It works without.
			return
		}
	}
}

// ExecContext is that of the transaction.
func (t *Tx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if statement := t.known(query); statement != nil {
		return t.StmtContext(ctx, statement).ExecContext(ctx, args...)
	}
	return t.Tx.ExecContext(ctx, query, args...)
}

// QueryContext is that of the transaction.
func (t *Tx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if statement := t.known(query); statement != nil {
		return t.StmtContext(ctx, statement).QueryContext(ctx, args...)
	}
	return t.Tx.QueryContext(ctx, query, args...)
}

// QueryRowContext is that of the transaction.
func (t *Tx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if statement := t.known(query); statement != nil {
		return t.StmtContext(ctx, statement).QueryRowContext(ctx, args...)
	}
	return t.Tx.QueryRowContext(ctx, query, args...)
}

// known returns the prepared statement of a text, or nil, and has it learned.
func (t *Tx) known(query string) *sql.Stmt {
	s := t.statements
	s.mu.Lock()
	defer s.mu.Unlock()
	statement := s.prepared[query]
	// Of several statements in one text only the first would be prepared.
	if statement == nil && len(s.prepared)+len(t.unknown) < maxLearned && !strings.Contains(query, ";") {
		t.unknown = append(t.unknown, query)
	}
	return statement
}
