package steps

import (
	"errors"
	"strings"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/tool"
)

// blameRun makes the failure of a program that unpacked or prepared a chain
// that of the backup the chain is for, unless the host is to blame. Whichever
// link it is that the program stumbled over, only that backup can be tried
// again to see whether it still does.
func (s restoreSteps) blameRun(t Task, r job.Result, err error) error {
	if r.StartError != "" || r.Stopped || r.Signal != "" || r.SyncError != "" || r.Fault != "" {
		return err
	}
	if tool.HostFault(t.Data.Placement.Stage, r.Tail+"\n"+strings.Join(r.Complaints, "\n")) {
		return err
	}
	if tool, found := errors.AsType[*tool.Error](err); found {
		tool.Summary += "; " + store.ChainAdvice
	}
	return s.Store.Damage(t.last(), persistence.LevelPrepare, err)
}

// blameStream makes a stream that does not come as it was stored the backup's
// own fault. That a command does not give it is not: the stream may be whole
// where it lies.
func (s restoreSteps) blameStream(t Task, id string, r job.Result, err error) error {
	if r.Damaged || strings.Contains(r.Fault, unix.EIO.Error()) {
		return s.Store.Damage(id, persistence.LevelChecksum, err)
	}
	if t.Data.Placement == nil {
		return err
	}
	return s.blameRun(t, r, err)
}
