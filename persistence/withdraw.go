package persistence

import (
	"context"
	"slices"
	"sync"
	"time"
)

const (
	// withdrawTimeout bounds the removal of operations that could not be accepted.
	withdrawTimeout = 5 * time.Second
	// withdrawEvery is how often one that failed is tried again.
	withdrawEvery = time.Second
)

// withdrawals are operations that are in the ledger though whoever asked for
// them was told that they are not accepted: they are to leave it before anything
// else is accepted. Nobody works on them meanwhile.
type withdrawals struct {
	mu sync.Mutex
	// ids are still to be withdrawn; again is the next try.
	ids    []string
	again  *time.Timer
	closed bool
}

func (w *withdrawals) add(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ids = append(w.ids, id)
}

// stop ends the tries.
func (w *withdrawals) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	if w.again != nil {
		w.again.Stop()
	}
}

// withdrawAll withdraws what is to be withdrawn, or sees to it that this is
// tried again.
func (s *Store) withdrawAll(ctx context.Context) error {
	w := &s.withdrawals
	w.mu.Lock()
	defer w.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, withdrawTimeout)
	defer cancel()
	for len(w.ids) > 0 {
		if err := s.withdraw(ctx, w.ids[0]); err != nil {
			if w.again != nil {
				w.again.Stop()
			}
			if !w.closed {
				w.again = time.AfterFunc(withdrawEvery, func() { _ = s.withdrawAll(context.Background()) })
			}
			return err
		}
		w.ids = slices.Delete(w.ids, 0, 1)
	}
	return nil
}

// withdraw forgets an operation that nobody was told of. Its row may be in the
// shared file all the same, if the word of its commit was lost: what stays in
// the outbox removes it.
func (s *Store) withdraw(ctx context.Context, id string) error {
	_, err := s.commit(ctx, "withdraw operation", func(tx *ledgerTx) error {
		for _, statement := range []string{
			`DELETE FROM operation_request WHERE operation_id = ?`,
			`DELETE FROM operation_claim WHERE operation_id = ?`,
			`DELETE FROM operation_transition WHERE operation_id = ?`,
			`DELETE FROM process WHERE command_id = ?`,
			`DELETE FROM operation WHERE id = ?`,
		} {
			if _, err := tx.ExecContext(ctx, statement, id); err != nil {
				return err
			}
		}
		tx.touched.withdrawn = append(tx.touched.withdrawn, id)
		return nil
	})
	return err
}
