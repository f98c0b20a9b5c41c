package testkit

import (
	"testing"
	"time"
)

// Patience is how long a test waits for what must happen.
const Patience = 30 * time.Second

// Within looks again after a pause that grows from the first of these to the
// other: what comes at once is seen at once, and what takes long is not slowed
// down by being looked at: a daemon with the race detector answers at some cost.
const (
	firstPause = 5 * time.Millisecond
	lastPause  = 40 * time.Millisecond
)

// Eventually waits until the condition holds.
func Eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	if !Within(Patience, condition) {
		t.Fatalf("waited %s in vain: %s", Patience, what)
	}
}

// Within looks again and again, and reports whether the condition held before
// the time was up.
func Within(limit time.Duration, condition func() bool) bool {
	end := time.Now().Add(limit)
	pause := firstPause
	timer := time.NewTimer(pause)
	defer timer.Stop()
	for !condition() {
		if time.Now().After(end) {
			return false
		}
		<-timer.C
		pause = min(pause*3/2, lastPause)
		timer.Reset(pause)
	}
	return true
}
