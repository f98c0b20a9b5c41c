package dbfile

import (
	"context"
	"database/sql"
	"sync"
	"time"
)

// smallFile is up to how many bytes a database is looked through before it is
// relied on. That takes a blink; of one that has grown for years, a minute and
// more, for which nobody must wait.
const smallFile = 8 << 20

// Examination is the look through all pages of a database.
type Examination struct {
	quit context.CancelFunc
	done chan struct{}

	mu     sync.Mutex
	damage error
}

// Examine looks through all pages of the database at path, which it opens anew. A
// small one is done with when it returns, with an *Error of damage; the look
// through a large one begins after so long and goes on meanwhile, and found is
// called if there is damage in it.
func Examine(ctx context.Context, path, op string, after time.Duration, found func(error)) (*Examination, error) {
	db, err := sql.Open("sqlite", DSN(path, false, []string{"query_only(ON)", "trusted_schema(OFF)"}))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	var size int64
	sized := db.QueryRowContext(ctx, `SELECT page_count * page_size FROM pragma_page_count, pragma_page_size`)
	if err := sized.Scan(&size); err != nil {
		_ = db.Close()
		return nil, err
	}
	e := &Examination{done: make(chan struct{})}
	if size <= smallFile {
		defer db.Close()
		close(e.done)
		return e, Explain(path, op, quickCheck(ctx, db, ""))
	}
	ctx, e.quit = context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		defer close(e.done)
		defer db.Close()
		if !wait(ctx, after) {
			return
		}
		err := Explain(path, op, checkTables(ctx, db))
		if err == nil || ctx.Err() != nil {
			return
		}
		e.mu.Lock()
		e.damage = err
		e.mu.Unlock()
		found(err)
	}()
	return e, nil
}

// wait reports whether so long has passed before ctx has ended.
func wait(ctx context.Context, long time.Duration) bool {
	timer := time.NewTimer(long)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Damage returns the *Error of the damage that has been found; nil for none so far.
func (e *Examination) Damage() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.damage
}

// Stop breaks the look off, if it is not over, and waits for that. Calling it twice
// is fine.
func (e *Examination) Stop() {
	if e.quit != nil {
		e.quit()
	}
	<-e.done
}

// checkTables looks through a database table by table: a reader at work keeps the
// -wal file from beginning anew.
func checkTables(ctx context.Context, db *sql.DB) error {
	tables, err := tablesOf(ctx, db)
	if err != nil {
		return err
	}
	for _, table := range tables {
		if err := quickCheck(ctx, db, table); err != nil {
			return err
		}
	}
	return nil
}

// quickCheck looks through a table with its indexes, or through all that there is.
func quickCheck(ctx context.Context, db *sql.DB, table string) error {
	query, args := `PRAGMA quick_check(1)`, []any(nil)
	if table != "" {
		query, args = `SELECT quick_check FROM pragma_quick_check(?)`, []any{table}
	}
	var verdict string
	if err := db.QueryRowContext(ctx, query, args...).Scan(&verdict); err != nil {
		return err
	}
	if verdict != "ok" {
		return &damaged{verdict}
	}
	return nil
}

// damaged is what SQLite finds wrong with a database.
type damaged struct{ verdict string }

func (d *damaged) Error() string { return "damaged: " + d.verdict }

func tablesOf(ctx context.Context, db *sql.DB) ([]string, error) {
	rows, err := db.QueryContext(ctx, `SELECT name FROM sqlite_schema WHERE type = 'table'`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var tables []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		tables = append(tables, name)
	}
	return tables, rows.Err()
}
