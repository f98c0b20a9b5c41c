package access

import (
	"context"
	"sync"
	"time"
)

// Gate shares out a number of places. A user may have half of them, root and
// the daemon's own user all; some are only for these, and some more only for
// the daemon itself, which asks whether it is alive. When there is no place,
// the idlest guest of the user who has the most goes.
//
// Nobody who is being worked for has to go. Whose request has come and was not looked
// at yet, and who has only just come, has to go only when nobody else can and no more
// can wait: a client that sends its request at once gets its answer however full it is.
type Gate struct {
	most int
	// grace is for how long nobody has to go again who has just come.
	grace time.Duration
	// own is the daemon's user.
	own uint32

	mu     sync.Mutex
	guests map[*Guest]struct{}
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

// NewGate returns a Gate with so many places.
func NewGate(most int, grace time.Duration, own uint32) *Gate {
	return &Gate{most: most, grace: grace, own: own, guests: map[*Guest]struct{}{}, users: map[uint32]int{}, changed: make(chan struct{})}
}

// waiters is how many may wait for one of so many places.
func waiters(most int) int { return max(1, min(most/4, 32)) }

// Guest is who has, or wants, a place.
type Guest struct {
	UID  uint32
	Self bool
	// Evict tells it to go; it is called once at most, and must not wait.
	Evict func()
	// Idles tells of one that is busy whether it is so in vain; nil: never.
	Idles func() bool
	// Waits tells of one that is not busy whether it has sent a request that nobody
	// has read yet; nil: never. It must not wait itself.
	Waits func() bool

	// Busy says whether it is being worked for, entered when it came, and since
	// when it last did something; the gate's mu is held.
	Busy           bool
	entered, since time.Time
}

// kept are the places for root and the daemon's user.
func (g *Gate) kept() int { return min(g.most-1, max(1, g.most/8)) }

// share is how many places another user may have.
func (g *Gate) share() int { return max(1, (g.most-g.kept()+1)/2) }

// Enter gives a guest a place. It waits a moment for one if it must, and
// reports whether it got it.
func (g *Gate) Enter(stopping context.Context, who *Guest) bool {
	if g.Try(who) {
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
		if g.Try(who) {
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
func (g *Gate) mayWait(change int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if change > 0 && g.waiting >= waiters(g.most) {
		return false
	}
	g.waiting += change
	return true
}

// Try gives a guest a place, if need be that of another who has been idle for a
// while.
func (g *Gate) Try(who *Guest) bool { return g.give(who, g.grace) }

// push is try that spares nobody who has only just come, nor, if there is nobody
// else, anybody whose request was not looked at yet.
func (g *Gate) push(who *Guest) bool { return g.give(who, 0) }

func (g *Gate) give(who *Guest, grace time.Duration) bool {
	g.mu.Lock()
	if !g.fits(who) {
		other := g.idlest(who, grace)
		if other == nil {
			g.mu.Unlock()
			return false
		}
		g.remove(other)
		defer other.Evict()
	}
	defer g.mu.Unlock()
	who.entered = time.Now()
	who.since = who.entered
	g.guests[who] = struct{}{}
	if who.Self && g.selves < selfPlaces {
		g.selves++
		return true
	}
	who.Self = false
	g.users[who.UID]++
	return true
}

// fits reports whether there is a place for a guest. mu is held.
func (g *Gate) fits(who *Guest) bool {
	taken := len(g.guests) - g.selves
	switch {
	case who.Self && g.selves < selfPlaces:
		return true
	case who.UID == 0, who.UID == g.own:
		return taken < g.most
	default:
		return taken < g.most-g.kept() && g.users[who.UID] < g.share()
	}
}

// idlest returns who is to go so that a guest gets a place, nil for nobody: one
// of its own user, or of a user who has more. mu is held.
func (g *Gate) idlest(who *Guest, grace time.Duration) *Guest {
	var found, waits *Guest
	now := time.Now()
	privileged := who.UID == 0 || who.UID == g.own
	full := privileged || g.users[who.UID] < g.share()
	for other := range g.guests {
		own := other.UID == who.UID
		switch {
		case other.Self, now.Sub(other.entered) < grace, other.Busy && !other.idle(now, g.grace):
		case !own && (!full || g.users[other.UID] <= g.users[who.UID]):
		case found != nil && !g.before(other, found):
		case other.Waits == nil || !other.Waits():
			found = other
		case waits == nil || g.before(other, waits):
			waits = other
		}
	}
	if found == nil && grace == 0 {
		return waits
	}
	return found
}

// before reports whether a guest has to go rather than another one. mu is held.
func (g *Gate) before(who, other *Guest) bool {
	if mine, others := g.users[who.UID], g.users[other.UID]; mine != others {
		return mine > others
	}
	return who.since.Before(other.since)
}

// idle reports whether one that is worked for has made nothing of it for a time.
func (who *Guest) idle(now time.Time, grace time.Duration) bool {
	return who.Idles != nil && now.Sub(who.since) >= grace && who.Idles()
}

// Taken returns how many have a place.
func (g *Gate) Taken() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.guests)
}

// Leave gives a guest's place back, if it still has it.
func (g *Gate) Leave(who *Guest) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.remove(who)
}

func (g *Gate) remove(who *Guest) {
	if _, inside := g.guests[who]; !inside {
		return
	}
	delete(g.guests, who)
	if who.Self {
		g.selves--
	} else if g.users[who.UID]--; g.users[who.UID] == 0 {
		delete(g.users, who.UID)
	}
	close(g.changed)
	g.changed = make(chan struct{})
}

// Mark says that a guest has done something, and whether it is being worked for
// from now on.
func (g *Gate) Mark(who *Guest, busy bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	who.Busy, who.since = busy, time.Now()
}
