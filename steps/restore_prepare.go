package steps

import (
	"context"
	"fmt"
	"time"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/tool"
)

// prepareJob prepares the staged full backup.
func (s restoreSteps) prepareJob(_ context.Context, t Task) (job.Spec, error) {
	more := len(t.Args.IDList) > 1
	return s.onStage(t, s.Tool.PrepareCommand(*t.Data.Tool, t.Data.Placement.Prepared(), more), more)
}

// applyJob applies the next link to the prepared stage.
func (s restoreSteps) applyJob(_ context.Context, t Task) (job.Spec, error) {
	p, next := t.Data.Placement, t.Data.Applied
	more := next < len(t.Args.IDList)-1
	return s.onStage(t, s.Tool.ApplyCommand(*t.Data.Tool, p.Prepared(), p.Link(next), more), more)
}

// onStage has the disk watched beyond a program's end, together with all that was
// done to the stage before. If more follows, what the program writes need not be on
// the disk by then: the last one waits for all of it.
func (s restoreSteps) onStage(t Task, spec job.Spec, more bool) (job.Spec, error) {
	if err := s.stages.Begin(t.Operation, t.Data.Placement.Stage); err != nil {
		return spec, fmt.Errorf("watch the stage's disk: %w", err)
	}
	spec.Watch, spec.Unsynced = s.stages.Of(t.Operation), more && comesBack(t)
	return spec, nil
}

// stageLost reports whether it is not known that the stage is what it was: the
// daemon, or the machine, has ended before all of it was on the disk. Its outcome
// leads back to where it is staged.
func (s restoreSteps) stageLost(t Task) (Outcome, bool) {
	if !t.Data.Unsynced || s.stages.Of(t.Operation) != nil {
		return Outcome{}, false
	}
	t.Data.Applied, t.Data.Unpacked, t.Data.Unsynced = 0, nil, false
	return Outcome{Event: EventRewind, Data: t.Data,
		Reason: "the daemon ended before all of the stage was on the disk; going back to stage, which looks at every file"}, true
}

// prepareFinish judges both: the stage must be prepared up to the end of the
// link just worked on.
func (s restoreSteps) prepareFinish(_ context.Context, t Task, r job.Result) (Outcome, error) {
	t.Data.Unsynced = r.Unsynced
	if outcome, lost := s.stageLost(t); lost {
		return outcome, nil
	}
	id := t.Args.IDList[t.Data.Applied]
	what := fmt.Sprintf("%s, preparing backup '%s',", t.Data.Tool.Name, id)
	if err := tool.ProveRun(what, r); err != nil {
		return Outcome{}, s.blameRun(t, r, err)
	}
	want, err := tool.ReadCheckpoints(s.Store.Folder(id))
	if err != nil {
		return Outcome{}, err
	}
	goesOn := t.Data.Applied < len(t.Args.IDList)-1
	if err := tool.ProvePrepared(t.Data.Placement.Prepared(), want.ToLSN, t.Data.Tool.Name, goesOn); err != nil {
		return Outcome{}, s.blameRun(t, r,
			&tool.Error{Summary: what + " claims success, but " + err.Error(), Tail: tool.LastLines(r.Tail, tool.TailLines)})
	}
	if t.Data.Applied > 0 {
		if err := disk.RemoveAll(t.Data.Placement.Link(t.Data.Applied)); err != nil {
			return Outcome{}, fmt.Errorf("remove the applied copy of backup '%s': %w", id, err)
		}
	}
	t.Data.Applied++
	outcome := ok(t, fmt.Sprintf("'%s' prepared up to LSN %d in %s", id, want.ToLSN, r.Ended.Sub(r.Started).Round(time.Millisecond)))
	if t.Data.Applied < len(t.Args.IDList) {
		outcome.Event = EventMore
	}
	return outcome, nil
}
