package steps

import (
	"context"
	"fmt"
	"os"
	"time"
)

// prepareJob prepares the staged full backup.
func (h *Host) prepareJob(_ context.Context, t Task) (JobSpec, error) {
	return h.prepareCommand(*t.Data.Tool, t.Data.Placement.prepared(), len(t.Args.IDList) > 1), nil
}

// applyJob applies the next link to the prepared stage.
func (h *Host) applyJob(_ context.Context, t Task) (JobSpec, error) {
	p, next := t.Data.Placement, t.Data.Applied
	return h.applyCommand(*t.Data.Tool, p.prepared(), p.link(next), next < len(t.Args.IDList)-1), nil
}

// prepareFinish judges both: the stage must be prepared up to the end of the
// link just worked on.
func (h *Host) prepareFinish(_ context.Context, t Task, r JobResult) (Outcome, error) {
	id := t.Args.IDList[t.Data.Applied]
	what := fmt.Sprintf("%s, preparing backup '%s',", t.Data.Tool.Name, id)
	if err := proveRun(what, r); err != nil {
		return Outcome{}, h.blameRun(t, r, err)
	}
	want, err := readCheckpoints(h.BackupFolder(id))
	if err != nil {
		return Outcome{}, err
	}
	if err := provePrepared(t.Data.Placement.prepared(), want.ToLSN, t.Data.Tool.Name, t.Data.Applied < len(t.Args.IDList)-1); err != nil {
		return Outcome{}, h.blameRun(t, r,
			&ToolError{Summary: what + " claims success, but " + err.Error(), Tail: lastLines(r.Tail, tailLines)})
	}
	if t.Data.Applied > 0 {
		if err := os.RemoveAll(t.Data.Placement.link(t.Data.Applied)); err != nil {
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
