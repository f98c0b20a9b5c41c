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
	return s.Tool.PrepareCommand(*t.Data.Tool, t.Data.Placement.Prepared(), len(t.Args.IDList) > 1), nil
}

// applyJob applies the next link to the prepared stage.
func (s restoreSteps) applyJob(_ context.Context, t Task) (job.Spec, error) {
	p, next := t.Data.Placement, t.Data.Applied
	return s.Tool.ApplyCommand(*t.Data.Tool, p.Prepared(), p.Link(next), next < len(t.Args.IDList)-1), nil
}

// prepareFinish judges both: the stage must be prepared up to the end of the
// link just worked on.
func (s restoreSteps) prepareFinish(_ context.Context, t Task, r job.Result) (Outcome, error) {
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
