package transport

import (
	"context"
	"sync"
	"time"
)

// gate shares out a number of places. A user may have half of them, root and
// the daemon's own user all; some are only for these, and some more only for
// the daemon itself, which asks whether it is alive. When there is no place,
// the idlest guest of the user who has the most goes.
//
// Nobody who is being worked for has to go, nor, as long as others can wait for
// that, anybody who has only just come: a client that sends its request at once
// gets its answer however full it is.
type gate struct {
	most int
	// grace is for how long nobody has to go again who has just come.
	grace time.Duration
	// own is the daemon's user.
	own uint32

	mu     sync.Mutex
	guests map[*guest]struct{}
	users  map[uint32]int
	// selves counts the places of the daemon itself, which are beside the others.
	selves int
	// waiting counts those who wait for a place.
	waiting int
	// changed is closed, and replaced, when a place becomes free.
	changed chan struct{}
}

// placePatience is how long a client may wait for a place.
const placePatience = 200 * time.Millisecond

// selfPlaces are for the daemon itself: a question on each socket, and one that
// comes before the last has been cleared away.
const selfPlaces = 4

func newGate(most int, grace time.Duration, own uint32) *gate {
	return &gate{most: most, grace: grace, own: own, guests: map[*guest]struct{}{}, users: map[uint32]int{}, changed: make(chan struct{})}
}

// waiters is how many may wait for one of so many places.
func waiters(most int) int { return max(1, min(most/4, 32)) }

// guest is who has, or wants, a place.
type guest struct {
	uid  uint32
	self bool
	// evict tells it to go; it is called once at most, and must not wait.
	evict func()
	// idles tells of one that is busy whether it is so in vain; nil: never.
	idles func() bool

	// busy says whether it is being worked for, entered when it came, and since
	// when it last did something; the gate's mu is held.
	busy           bool
	entered, since time.Time
}

// kept are the places for root and the daemon's user.
func (g *gate) kept() int { return min(g.most-1, max(1, g.most/8)) }

// share is how many places another user may have.
func (g *gate) share() int { return max(1, (g.most-g.kept()+1)/2) }

// enter gives a guest a place. It waits a moment for one if it must, and
// reports whether it got it.
func (g *gate) enter(stopping context.Context, who *guest) bool {
	if g.try(who) {
		return true
	}
	if !g.mayWait(1) {
		return g.push(who)
	}
	defer g.mayWait(-1)
	limit := time.NewTimer(placePatience)
	defer limit.Stop()
	// Whoever has only just come is no longer new then.
	again := time.NewTicker(g.grace)
	defer again.Stop()
	for {
		g.mu.Lock()
		changed := g.changed
		g.mu.Unlock()
		if g.try(who) {
			return true
		}
		select {
		case <-changed:
		case <-again.C:
		case <-limit.C:
			return g.push(who)
		case <-stopping.Done():
			return false
		}
	}
}

// mayWait counts those who wait: each holds a descriptor.
func (g *gate) mayWait(change int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if change > 0 && g.waiting >= waiters(g.most) {
		return false
	}
	g.waiting += change
	return true
}

// try gives a guest a place, if need be that of another who has been idle for a
// while.
func (g *gate) try(who *guest) bool { return g.give(who, g.grace) }

// push is try that spares nobody who has only just come.
func (g *gate) push(who *guest) bool { return g.give(who, 0) }

func (g *gate) give(who *guest, grace time.Duration) bool {
	g.mu.Lock()
	if !g.fits(who) {
		other := g.idlest(who, grace)
		if other == nil {
			g.mu.Unlock()
			return false
		}
		g.remove(other)
		defer other.evict()
	}
	defer g.mu.Unlock()
	who.entered = time.Now()
	who.since = who.entered
	g.guests[who] = struct{}{}
	if who.self && g.selves < selfPlaces {
		g.selves++
		return true
	}
	who.self = false
	g.users[who.uid]++
	return true
}

// fits reports whether there is a place for a guest. mu is held.
func (g *gate) fits(who *guest) bool {
	taken := len(g.guests) - g.selves
	switch {
	case who.self && g.selves < selfPlaces:
		return true
	case who.uid == 0, who.uid == g.own:
		return taken < g.most
	default:
		return taken < g.most-g.kept() && g.users[who.uid] < g.share()
	}
}

// idlest returns who is to go so that a guest gets a place, nil for nobody: one
// of its own user, or of a user who has more. mu is held.
func (g *gate) idlest(who *guest, grace time.Duration) *guest {
	var found *guest
	now := time.Now()
	privileged := who.uid == 0 || who.uid == g.own
	full := privileged || g.users[who.uid] < g.share()
	for other := range g.guests {
		own := other.uid == who.uid
		switch {
		case other.self, now.Sub(other.entered) < grace, other.busy && !other.idle(now, g.grace):
		case !own && (!full || g.users[other.uid] <= g.users[who.uid]):
		case found == nil, g.users[other.uid] > g.users[found.uid]:
			found = other
		case g.users[other.uid] == g.users[found.uid] && other.since.Before(found.since):
			found = other
		}
	}
	return found
}

// idle reports whether one that is worked for has made nothing of it for a time.
func (who *guest) idle(now time.Time, grace time.Duration) bool {
	return who.idles != nil && now.Sub(who.since) >= grace && who.idles()
}

// leave gives a guest's place back, if it still has it.
func (g *gate) leave(who *guest) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.remove(who)
}

func (g *gate) remove(who *guest) {
	if _, inside := g.guests[who]; !inside {
		return
	}
	delete(g.guests, who)
	if who.self {
		g.selves--
	} else if g.users[who.uid]--; g.users[who.uid] == 0 {
		delete(g.users, who.uid)
	}
	close(g.changed)
	g.changed = make(chan struct{})
}

// mark says that a guest has done something, and whether it is being worked for
// from now on.
func (g *gate) mark(who *guest, busy bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	who.busy, who.since = busy, time.Now()
}
