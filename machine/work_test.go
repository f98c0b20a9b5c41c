package machine

import (
	"testing"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/testkit"
	disktest "dbcalm-db-cmd/steps/testkit/disk"
)

// A program cannot be started while there is no room for its job's folder;
// that is no fault of the operation's.
func TestOperationWaitsForRoomOnTheStateDisk(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	if !disktest.Enter(t) {
		return
	}
	disk := disktest.Small(t, 1<<20)
	w := newWorld(t, func(s *steps.Settings) { s.StateDir = disk })
	w.backup("full", "", 0, 100)
	w.start()
	free := disktest.Fill(t, disk)
	first := w.restore("full")
	w.reaches(first, "prepare")
	second := w.restore("full")
	if err := w.Cancel(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	w.ends(first, persistence.Cancelled)
	w.reaches(second, "prepare")
	free()
	if v := w.ends(second, persistence.Succeeded); v.Attempt != 1 {
		t.Errorf("it took attempt %d:\n%s", v.Attempt, story(v))
	}
}
