package transporttest

import (
	"slices"
	"testing"
	"time"
)

// answerTime is within which a client is answered, however many others are up
// to no good.
const answerTime = 50 * time.Millisecond

// Measure has so many questions asked, one every few milliseconds, and the same
// of a twin, and returns how long each took.
func Measure(ask, askTwin func()) (took, twin []time.Duration) {
	ticks := time.NewTicker(8 * time.Millisecond)
	defer ticks.Stop()
	for range 200 {
		for question, list := range map[*func()]*[]time.Duration{&ask: &took, &askTwin: &twin} {
			begun := time.Now()
			(*question)()
			*list = append(*list, time.Since(begun))
		}
		<-ticks.C
	}
	return took, twin
}

// Within demands that all but one in a hundred were answered in time. The twin
// was asked as often and in between, and has no crowd: what the crowd's own work
// and others' on this machine cost, it feels too.
func Within(t *testing.T, took, twin []time.Duration) {
	t.Helper()
	usual := percentile(twin, 99)
	limit := slowness*answerTime + 3*usual
	t.Logf("median %s, 99th percentile %s, longest %s; without a crowd %s, %s, %s", percentile(took, 50), percentile(took, 99),
		percentile(took, 100), percentile(twin, 50), usual, percentile(twin, 100))
	if p99 := percentile(took, 99); p99 > limit {
		t.Errorf("the 99th percentile is %s, want %s at most", p99, limit)
	}
}

func percentile(took []time.Duration, n int) time.Duration {
	slices.Sort(took)
	return took[len(took)*n/100-1]
}
