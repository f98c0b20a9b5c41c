package access

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// visitors are guests of a gate who write down who had to go.
type visitors struct {
	*Gate
	gone []string
}

func (v *visitors) guest(name string, uid uint32) *Guest {
	return &Guest{UID: uid, Evict: func() { v.gone = append(v.gone, name) }}
}

const (
	root  = 0
	alice = 1001
	bob   = 1002
	carol = 1003
)

func TestPlacesAreSharedOut(t *testing.T) {
	t.Parallel()
	v := &visitors{Gate: NewGate(16, 0, 500)}
	// Of sixteen places two are kept, and a user has half of the rest.
	for i := range 7 {
		if !v.Try(v.guest("alice", alice)) || len(v.gone) > 0 {
			t.Fatalf("place %d is refused", i)
		}
	}
	v.Try(v.guest("alice", alice))
	if !slices.Equal(v.gone, []string{"alice"}) {
		t.Errorf("beyond her share of alice: %v", v.gone)
	}
	for range 7 {
		v.Try(v.guest("bob", bob))
	}
	if len(v.gone) != 1 {
		t.Errorf("bob's share costs others theirs: %v", v.gone)
	}
	// Now only what is kept for root and the daemon's user is left.
	v.Try(v.guest("carol", carol))
	if len(v.gone) != 2 {
		t.Errorf("a third user takes what is kept: %v", v.gone)
	}
	if !v.Try(v.guest("root", root)) || !v.Try(v.guest("daemon", 500)) || len(v.gone) != 2 {
		t.Errorf("what is kept for them is not there: %v", v.gone)
	}
	v.Try(v.guest("root", root))
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
		v := &visitors{Gate: NewGate(3, time.Second, 500)}
		guests := map[string]*Guest{}
		for _, name := range []string{"first", "second", "third"} {
			guests[name] = v.guest(name, root)
			v.Try(guests[name])
			<-time.After(time.Second)
		}
		v.Mark(guests["first"], false)
		v.Mark(guests["second"], true)
		v.Try(v.guest("fourth", root))
		<-time.After(time.Millisecond)
		v.Try(v.guest("fifth", root))
		if !slices.Equal(v.gone, []string{"third", "first"}) {
			t.Errorf("gone are %v", v.gone)
		}
		// The second is being worked for, the others have only just come.
		if v.Try(v.guest("sixth", root)) {
			t.Error("somebody had to go who should not")
		}
		if !v.Enter(context.Background(), v.guest("seventh", root)) || !slices.Equal(v.gone, []string{"third", "first", "fourth"}) {
			t.Errorf("when nobody else could wait, gone are %v", v.gone)
		}
		v.Leave(guests["second"])
		v.Leave(guests["second"])
		if !v.Try(v.guest("eighth", root)) || len(v.gone) != 3 {
			t.Errorf("a place that was given back is not there: %v", v.gone)
		}
	})
}

func TestAPlaceIsWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := &visitors{Gate: NewGate(1, time.Second, 500)}
		busy := v.guest("busy", alice)
		v.Try(busy)
		v.Mark(busy, true)
		entered := make(chan bool)
		go func() { entered <- v.Enter(t.Context(), v.guest("next", alice)) }()
		synctest.Wait()
		v.Leave(busy)
		if !<-entered {
			t.Error("the place that became free was not given away")
		}
		stopping, stop := context.WithCancel(t.Context())
		stop()
		busy = v.guest("busy", alice)
		v.Gate = NewGate(1, time.Second, 500)
		v.Try(busy)
		v.Mark(busy, true)
		if v.Enter(stopping, v.guest("late", alice)) {
			t.Error("a gate that closes lets somebody in")
		}
		if v.Enter(t.Context(), v.guest("late", alice)) {
			t.Error("a place was given away that somebody works on")
		}
	})
}

// The daemon's own questions have places that nobody else can take.
func TestTheDaemonItselfAlwaysGetsIn(t *testing.T) {
	t.Parallel()
	v := &visitors{Gate: NewGate(4, time.Hour, 0)}
	for range 4 {
		guest := v.guest("root", root)
		v.Try(guest)
		v.Mark(guest, true)
	}
	for range selfPlaces {
		if self := (&Guest{UID: 0, Self: true, Evict: func() {}}); !v.Try(self) {
			t.Fatal("refused")
		} else {
			defer v.Leave(self)
		}
	}
	if v.Try(&Guest{UID: 0, Self: true}) || len(v.gone) > 0 {
		t.Errorf("more places than there are: %v", v.gone)
	}
}

func TestWhatDescriptorsAfford(t *testing.T) {
	t.Parallel()
	for limit, want := range map[uint64]Shares{
		0:       {Clients: 6, Watches: 2, Scrapers: 2, Dismissed: 1},
		64:      {Clients: 6, Watches: 2, Scrapers: 2, Dismissed: 1},
		1024:    {Clients: 326, Watches: 64, Scrapers: 64, Dismissed: 32},
		1 << 20: {Clients: 2048, Watches: 64, Scrapers: 64, Dismissed: 32},
		1 << 63: {Clients: 2048, Watches: 64, Scrapers: 64, Dismissed: 32},
	} {
		got := shareOut(limit)
		if got != want {
			t.Errorf("of %d descriptors: %+v, want %+v", limit, got, want)
		}
		all := got.Clients + waiters(got.Clients) + got.Watches + got.Scrapers + got.Dismissed + ownDescriptors
		if limit >= 64 && uint64(all) > limit {
			t.Errorf("of %d descriptors %d may be used", limit, all)
		}
	}
}

func TestTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		turns := NewTurns()
		for range turnsAtOnce {
			if !turns.Take(t.Context(), alice) {
				t.Fatal("refused")
			}
		}
		if !turns.Take(t.Context(), bob) {
			t.Error("alice's questions keep bob's from being answered")
		}
		turns.Give(bob)
		for waited, want := range map[time.Duration][4]int{turnHaste: {0, 1, 2, 3}, turnHaste + 1: {3, 0, 2, 1}} {
			order := make(chan int, 4)
			for i := range 4 {
				go func() {
					if turns.Take(t.Context(), alice) {
						order <- i
						turns.Give(alice)
					}
				}()
				synctest.Wait()
			}
			time.Sleep(waited)
			turns.Give(alice)
			if got := [4]int{<-order, <-order, <-order, <-order}; got != want {
				t.Errorf("after %s served were %v, want %v", waited, got, want)
			}
			synctest.Wait()
			if !turns.Take(t.Context(), alice) {
				t.Fatal("refused")
			}
		}
		begun := time.Now()
		if turns.Take(t.Context(), alice) || time.Since(begun) != turnPatience {
			t.Errorf("a turn after %s", time.Since(begun))
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if turns.Take(ctx, alice) {
			t.Error("a turn for somebody who has gone")
		}
		for range turnsAtOnce {
			turns.Give(alice)
		}
		if len(turns.users) > 0 {
			t.Errorf("left are %v", turns.users)
		}
	})
}

func TestWhoseRequestHasComeStays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := &visitors{Gate: NewGate(2, time.Second, 500)}
		unheard := true
		first := v.guest("first", root)
		first.Waits = func() bool { return unheard }
		v.Try(first)
		<-time.After(time.Second)
		v.Try(v.guest("second", root))
		<-time.After(time.Second)
		if !v.Try(v.guest("third", root)) || !slices.Equal(v.gone, []string{"second"}) {
			t.Errorf("gone are %v", v.gone)
		}
		if v.Try(v.guest("fourth", root)) {
			t.Errorf("one goes whose request has come, or who is new: %v", v.gone)
		}
		if !v.push(v.guest("fourth", root)) || !slices.Equal(v.gone, []string{"second", "third"}) {
			t.Errorf("gone are %v", v.gone)
		}
		<-time.After(time.Second)
		unheard = false
		if !v.Try(v.guest("fifth", root)) || !slices.Equal(v.gone, []string{"second", "third", "first"}) {
			t.Errorf("gone are %v", v.gone)
		}
		for guest := range v.guests {
			guest.Waits = func() bool { return true }
		}
		if !v.push(v.guest("sixth", root)) || len(v.gone) != 4 {
			t.Errorf("where all wait, nobody is let in: %v", v.gone)
		}
	})
}
