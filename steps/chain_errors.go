package steps

import (
	"errors"
	"fmt"
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

// instead adds to what is wrong with a chain that is to be restored which part
// of it can be, as a person types it. Whole are the links before the wrong one.
func instead(err error, whole []store.Link, target string) error {
	var broken *persistence.Error
	if errors.As(err, &broken) {
		return err
	}
	if target == TargetVerify {
		if _, found := errors.AsType[*store.Damage](err); !found {
			return err
		}
		if len(whole) == 0 {
			return fmt.Errorf("%w; take a full backup", err)
		}
		return fmt.Errorf("%w; take a full backup; the chain is whole up to '%s'", err, whole[len(whole)-1].Record.ID)
	}
	if len(whole) == 0 {
		return fmt.Errorf("%w; the other chains: dbcalm-db-cmd backups list", err)
	}
	last := whole[len(whole)-1].Record.ID
	return fmt.Errorf("%w; the chain is whole up to '%s': dbcalm-db-cmd restore %s --target %s", err, last, last, target)
}

// insteadOfBase adds to what is wrong with a chain that an incremental was to
// stand on what can be taken, as a person types it.
func insteadOfBase(err error, whole []store.Link) error {
	var broken *persistence.Error
	if errors.As(err, &broken) {
		return err
	}
	if len(whole) == 0 {
		return fmt.Errorf("%w; take a full backup: dbcalm-db-cmd backup full ID", err)
	}
	last := whole[len(whole)-1].Record.ID
	return fmt.Errorf("%w; take a full backup, or one on what is whole of the chain: dbcalm-db-cmd backup incremental ID --from %s", err, last)
}
