package testkit

import (
	"testing"
	"time"
)

func TestWithin(t *testing.T) {
	t.Parallel()
	looks := 0
	if !Within(Patience, func() bool { looks++; return looks == 4 }) || looks != 4 {
		t.Errorf("what held at the fourth look: %d looks", looks)
	}
	looks = 0
	if Within(3*firstPause, func() bool { looks++; return false }) || looks < 2 {
		t.Errorf("what never held: %d looks", looks)
	}
	if !Within(0, func() bool { return true }) {
		t.Error("what held at once was not seen")
	}
	begun := time.Now()
	if Within(time.Millisecond, func() bool { return false }); time.Since(begun) > Patience {
		t.Error("it waited on after the time was up")
	}
}
