package machine

import (
	"path/filepath"
	"testing"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/testkit"
	disktest "dbcalm-db-cmd/steps/testkit/disk"
)

// The ledger and the jobs' folders lie on the state disk: while there is no room
// on it, operations stand still, and that is no fault of theirs.
func TestOperationsWaitForRoomOnTheStateDisk(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	if !disktest.Enter(t) {
		return
	}
	disk := disktest.Small(t, 16<<20)
	w := newWorld(t, func(s *steps.Settings) { s.StateDir = filepath.Join(disk, "state") })
	w.backup("full", "", 0, 100)
	w.start()
	w.closeGate()
	first, second := w.restore("full"), w.restore("full")
	w.works(first, "prepare")
	free := disktest.Fill(t, disk)
	_, err := w.RestoreBackup(t.Context(), api.RestoreRequest{IDList: []string{"full"}, Target: api.TargetFolder})
	refusal(t, err, api.Unavailable, "the disk is full: free space on it")
	w.pass("ok")
	w.pass("ok")
	if v := w.show(second); v.State != "queued" {
		t.Errorf("the second is in %s", v.State)
	}
	free()
	for _, id := range []string{first, second} {
		if v := w.ends(id, persistence.Succeeded); v.Attempt != 1 {
			t.Errorf("it took attempt %d:\n%s", v.Attempt, story(v))
		}
	}
}
