package access

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Turns let each user look at so much at a time, so that nobody's thousand
// questions take the processors from others. Who has waited longest is served
// first, but where there are more questions than answers the last one: whoever
// has waited long has often given up.
type Turns struct {
	mu      sync.Mutex
	taken   map[uint32]int
	waiting map[uint32][]waiter
}

// waiter is who waits for a turn.
type waiter struct {
	since time.Time
	// comes is closed when it is its turn.
	comes chan struct{}
}

const (
	// turnsAtOnce is how many of one user's questions are answered at a time.
	turnsAtOnce = 4
	// turnPatience is how long one waits; clients give up after five seconds.
	turnPatience = 4 * time.Second
	// turnHaste is how long one waits before others are served who have only just come.
	turnHaste = turnPatience / 2
)

// NewTurns returns turns of which none is taken.
func NewTurns() *Turns {
	return &Turns{taken: map[uint32]int{}, waiting: map[uint32][]waiter{}}
}

// Take reports whether it is the user's turn before patience or ctx ends. If it
// is, give must follow.
func (t *Turns) Take(ctx context.Context, uid uint32) bool {
	t.mu.Lock()
	if t.taken[uid] < turnsAtOnce {
		t.taken[uid]++
		t.mu.Unlock()
		return true
	}
	turn := make(chan struct{})
	t.waiting[uid] = append(t.waiting[uid], waiter{time.Now(), turn})
	t.mu.Unlock()
	patience := time.NewTimer(turnPatience)
	defer patience.Stop()
	select {
	case <-turn:
		return true
	case <-patience.C:
	case <-ctx.Done():
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	i := slices.IndexFunc(t.waiting[uid], func(w waiter) bool { return w.comes == turn })
	if i < 0 {
		// It has come all the same.
		return true
	}
	t.waiting[uid] = slices.Delete(t.waiting[uid], i, i+1)
	return false
}

// Give ends a turn and begins that of another, if anybody waits.
func (t *Turns) Give(uid uint32) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if waiting := t.waiting[uid]; len(waiting) > 0 {
		next := 0
		if time.Since(waiting[0].since) > turnHaste {
			next = len(waiting) - 1
		}
		close(waiting[next].comes)
		t.waiting[uid] = slices.Delete(waiting, next, next+1)
		return
	}
	delete(t.waiting, uid)
	if t.taken[uid]--; t.taken[uid] == 0 {
		delete(t.taken, uid)
	}
}
