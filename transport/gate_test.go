package transport

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// visitors are guests of a gate who write down who had to go.
type visitors struct {
	*gate
	gone []string
}

func (v *visitors) guest(name string, uid uint32) *guest {
	return &guest{uid: uid, evict: func() { v.gone = append(v.gone, name) }}
}

const (
	root  = 0
	alice = 1001
	bob   = 1002
	carol = 1003
)

func TestPlacesAreSharedOut(t *testing.T) {
	t.Parallel()
	v := &visitors{gate: newGate(16, 0, 500)}
	// Of sixteen places two are kept, and a user has half of the rest.
	for i := range 7 {
		if !v.try(v.guest("alice", alice)) || len(v.gone) > 0 {
			t.Fatalf("place %d is refused", i)
		}
	}
	v.try(v.guest("alice", alice))
	if !slices.Equal(v.gone, []string{"alice"}) {
		t.Errorf("beyond her share of alice: %v", v.gone)
	}
	for range 7 {
		v.try(v.guest("bob", bob))
	}
	if len(v.gone) != 1 {
		t.Errorf("bob's share costs others theirs: %v", v.gone)
	}
	// Now only what is kept for root and the daemon's user is left.
	v.try(v.guest("carol", carol))
	if len(v.gone) != 2 {
		t.Errorf("a third user takes what is kept: %v", v.gone)
	}
	if !v.try(v.guest("root", root)) || !v.try(v.guest("daemon", 500)) || len(v.gone) != 2 {
		t.Errorf("what is kept for them is not there: %v", v.gone)
	}
	v.try(v.guest("root", root))
	if len(v.gone) != 3 || v.gone[2] == "root" || v.gone[2] == "daemon" {
		t.Errorf("for root had to go %v", v.gone)
	}
	if len(v.guests) != 16 {
		t.Errorf("%d places are taken", len(v.guests))
	}
}

func TestTheIdlestGoes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := &visitors{gate: newGate(3, time.Second, 500)}
		guests := map[string]*guest{}
		for _, name := range []string{"first", "second", "third"} {
			guests[name] = v.guest(name, root)
			v.try(guests[name])
			<-time.After(time.Second)
		}
		v.mark(guests["first"], false)
		v.mark(guests["second"], true)
		v.try(v.guest("fourth", root))
		<-time.After(time.Millisecond)
		v.try(v.guest("fifth", root))
		if !slices.Equal(v.gone, []string{"third", "first"}) {
			t.Errorf("gone are %v", v.gone)
		}
		// The second is being worked for, the others have only just come.
		if v.try(v.guest("sixth", root)) {
			t.Error("somebody had to go who should not")
		}
		if !v.enter(context.Background(), v.guest("seventh", root)) || !slices.Equal(v.gone, []string{"third", "first", "fourth"}) {
			t.Errorf("when nobody else could wait, gone are %v", v.gone)
		}
		v.leave(guests["second"])
		v.leave(guests["second"])
		if !v.try(v.guest("eighth", root)) || len(v.gone) != 3 {
			t.Errorf("a place that was given back is not there: %v", v.gone)
		}
	})
}

func TestAPlaceIsWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := &visitors{gate: newGate(1, time.Second, 500)}
		busy := v.guest("busy", alice)
		v.try(busy)
		v.mark(busy, true)
		entered := make(chan bool)
		go func() { entered <- v.enter(t.Context(), v.guest("next", alice)) }()
		synctest.Wait()
		v.leave(busy)
		if !<-entered {
			t.Error("the place that became free was not given away")
		}
		stopping, stop := context.WithCancel(t.Context())
		stop()
		busy = v.guest("busy", alice)
		v.gate = newGate(1, time.Second, 500)
		v.try(busy)
		v.mark(busy, true)
		if v.enter(stopping, v.guest("late", alice)) {
			t.Error("a gate that closes lets somebody in")
		}
		if v.enter(t.Context(), v.guest("late", alice)) {
			t.Error("a place was given away that somebody works on")
		}
	})
}

// The daemon's own questions have places that nobody else can take.
func TestTheDaemonItselfAlwaysGetsIn(t *testing.T) {
	t.Parallel()
	v := &visitors{gate: newGate(4, time.Hour, 0)}
	for range 4 {
		guest := v.guest("root", root)
		v.try(guest)
		v.mark(guest, true)
	}
	for range selfPlaces {
		if self := (&guest{uid: 0, self: true, evict: func() {}}); !v.try(self) {
			t.Fatal("refused")
		} else {
			defer v.leave(self)
		}
	}
	if v.try(&guest{uid: 0, self: true}) || len(v.gone) > 0 {
		t.Errorf("more places than there are: %v", v.gone)
	}
}

func TestWhatDescriptorsAfford(t *testing.T) {
	t.Parallel()
	for limit, want := range map[uint64]affordable{
		0:       {clients: 6, watches: 2, scrapers: 2, dismissed: 1},
		64:      {clients: 6, watches: 2, scrapers: 2, dismissed: 1},
		1024:    {clients: 326, watches: 64, scrapers: 64, dismissed: 32},
		1 << 20: {clients: 2048, watches: 64, scrapers: 64, dismissed: 32},
		1 << 63: {clients: 2048, watches: 64, scrapers: 64, dismissed: 32},
	} {
		got := affordableConnections(limit)
		if got != want {
			t.Errorf("of %d descriptors: %+v, want %+v", limit, got, want)
		}
		if all := got.clients + waiters(got.clients) + got.watches + got.scrapers + got.dismissed + ownDescriptors; limit >= 64 && uint64(all) > limit {
			t.Errorf("of %d descriptors %d may be used", limit, all)
		}
	}
}

func TestTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns()
		for range turnsAtOnce {
			if !turns.take(t.Context(), alice) {
				t.Fatal("refused")
			}
		}
		if !turns.take(t.Context(), bob) {
			t.Error("alice's questions keep bob's from being answered")
		}
		turns.give(bob)
		order := make(chan int, 2)
		for i := range 2 {
			go func() {
				if turns.take(t.Context(), alice) {
					order <- i
					turns.give(alice)
				}
			}()
			synctest.Wait()
		}
		turns.give(alice)
		if first, second := <-order, <-order; first != 1 || second != 0 {
			t.Errorf("served were %d, %d, want the last one first", first, second)
		}
		if !turns.take(t.Context(), alice) {
			t.Fatal("refused")
		}
		begun := time.Now()
		if turns.take(t.Context(), alice) || time.Since(begun) != turnPatience {
			t.Errorf("a turn after %s", time.Since(begun))
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if turns.take(ctx, alice) {
			t.Error("a turn for somebody who has gone")
		}
		for range turnsAtOnce {
			turns.give(alice)
		}
		if len(turns.taken)+len(turns.waiting) > 0 {
			t.Errorf("left are %v, %v", turns.taken, turns.waiting)
		}
	})
}
