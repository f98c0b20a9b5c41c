package access

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Turns let each user look at so much at a time, so that nobody's thousand
// questions take the processors from others. Of those who wait, the last one is
// served first: whoever has waited long has often given up.
type Turns struct {
	mu      sync.Mutex
	taken   map[uint32]int
	waiting map[uint32][]chan struct{}
}

const (
	// turnsAtOnce is how many of one user's questions are answered at a time.
	turnsAtOnce = 4
	// turnPatience is how long one waits; clients give up after five seconds.
	turnPatience = 4 * time.Second
)

// NewTurns returns turns of which none is taken.
func NewTurns() *Turns {
	return &Turns{taken: map[uint32]int{}, waiting: map[uint32][]chan struct{}{}}
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
	t.waiting[uid] = append(t.waiting[uid], turn)
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
	i := slices.Index(t.waiting[uid], turn)
	if i < 0 {
		// It has come all the same.
		return true
	}
	t.waiting[uid] = slices.Delete(t.waiting[uid], i, i+1)
	return false
}

// Give ends a turn and begins that of the last who has come, if anybody waits.
func (t *Turns) Give(uid uint32) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if last := len(t.waiting[uid]) - 1; last >= 0 {
		close(t.waiting[uid][last])
		t.waiting[uid] = t.waiting[uid][:last]
		return
	}
	delete(t.waiting, uid)
	if t.taken[uid]--; t.taken[uid] == 0 {
		delete(t.taken, uid)
	}
}
