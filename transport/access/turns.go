package access

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Turns let each user look at so much at a time, so that nobody's thousand
// questions take the processors from others. Who has waited longest is served
// first. Where there are more questions than answers, every other turn is the
// last one's: whoever has waited long has often given up.
type Turns struct {
	mu    sync.Mutex
	users map[uint32]*asker
}

// asker is one user: how much is being looked at, and who waits.
type asker struct {
	taken   int
	waiting []waiter
	// newest: the turn before was that of the one who came last.
	newest bool
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
	return &Turns{users: map[uint32]*asker{}}
}

// Take reports whether it is the user's turn before patience or ctx ends. If it
// is, give must follow.
func (t *Turns) Take(ctx context.Context, uid uint32) bool {
	t.mu.Lock()
	u := t.users[uid]
	if u == nil {
		u = &asker{}
		t.users[uid] = u
	}
	if u.taken < turnsAtOnce {
		u.taken++
		t.mu.Unlock()
		return true
	}
	turn := make(chan struct{})
	u.waiting = append(u.waiting, waiter{time.Now(), turn})
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
	i := slices.IndexFunc(u.waiting, func(w waiter) bool { return w.comes == turn })
	if i < 0 {
		// It has come all the same.
		return true
	}
	u.waiting = slices.Delete(u.waiting, i, i+1)
	return false
}

// Give ends a turn and begins that of another, if anybody waits.
func (t *Turns) Give(uid uint32) {
	t.mu.Lock()
	defer t.mu.Unlock()
	u := t.users[uid]
	if len(u.waiting) > 0 {
		next := 0
		u.newest = !u.newest && time.Since(u.waiting[0].since) > turnHaste
		if u.newest {
			next = len(u.waiting) - 1
		}
		close(u.waiting[next].comes)
		u.waiting = slices.Delete(u.waiting, next, next+1)
		return
	}
	if u.taken--; u.taken == 0 {
		delete(t.users, uid)
	}
}
