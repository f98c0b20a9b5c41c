package mariadbtest

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"testing"
	"time"
)

const (
	// writePause spaces transfers out, so that a writer leaves the machine's
	// cores to what is being tested.
	writePause = time.Millisecond
	// writerGrace is how long Stop lets the transfer under way finish; a hung
	// server never would.
	writerGrace = 10 * time.Second
)

// Writer transfers money between the accounts of the database bank until it
// is stopped or the server fails it. VerifyInvariant tells whether a copy
// taken meanwhile is consistent.
type Writer struct {
	db       *sql.DB
	stopping chan struct{}
	stopOnce sync.Once
	cancel   context.CancelFunc
	// done is closed when the writing goroutine ends; err is set before.
	done chan struct{}
	err  error

	mu        sync.Mutex
	transfers int64
	advanced  chan struct{}
}

// StartWriter makes the bank if it is missing and starts a writer, which goes
// on where an earlier one ended. It is stopped when the test ends. One writer
// at a time.
func StartWriter(t testing.TB, db *sql.DB) *Writer {
	t.Helper()
	last, err := openBank(db)
	if err != nil {
		t.Fatalf("start writer: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	w := &Writer{
		db:       db,
		stopping: make(chan struct{}),
		cancel:   cancel,
		done:     make(chan struct{}),
		advanced: make(chan struct{}),
	}
	go func() {
		defer close(w.done)
		w.err = w.write(ctx, last)
	}()
	// A test that lets its server die expects the error Stop then returns.
	t.Cleanup(func() { _ = w.Stop() })
	return w
}

// Stop lets the transfer under way finish and returns why the writer had
// ended before, if it had. Stopping twice is fine.
func (w *Writer) Stop() error {
	w.stopOnce.Do(func() { close(w.stopping) })
	select {
	case <-w.done:
	case <-time.After(writerGrace):
	}
	w.cancel()
	<-w.done
	return w.err
}

// Transfers returns how many transfers this writer has committed.
func (w *Writer) Transfers() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.transfers
}

// Await returns when n more transfers are committed than at its call, or with
// an error when the writer ends or ctx is done before.
func (w *Writer) Await(ctx context.Context, n int64) error {
	goal := w.Transfers() + n
	for {
		w.mu.Lock()
		reached, advanced := w.transfers >= goal, w.advanced
		w.mu.Unlock()
		if reached {
			return nil
		}
		select {
		case <-advanced:
		case <-w.done:
			return fmt.Errorf("await %d transfers: the writer ended: %w", n, w.err)
		case <-ctx.Done():
			return fmt.Errorf("await %d transfers: %w", n, context.Cause(ctx))
		}
	}
}

func (w *Writer) write(ctx context.Context, last int64) error {
	ticker := time.NewTicker(writePause)
	defer ticker.Stop()
	for seq := last + 1; ; seq++ {
		select {
		case <-w.stopping:
			return nil
		case <-ticker.C:
		}
		if err := transfer(ctx, w.db, seq); err != nil {
			return fmt.Errorf("write transfer %d: %w", seq, err)
		}
		w.mu.Lock()
		w.transfers++
		close(w.advanced)
		w.advanced = make(chan struct{})
		w.mu.Unlock()
	}
}
