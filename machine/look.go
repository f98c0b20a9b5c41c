package machine

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"dbcalm-db-cmd/persistence"
)

// listLimit is how many operations a listing shows unless told.
const listLimit = 50

// Operations lists operations, newest first.
func (e *engine) Operations(ctx context.Context, f OperationFilter) ([]OperationSummary, error) {
	if f.Limit == 0 {
		f.Limit = listLimit
	}
	list, err := e.store.Operations(ctx, f.Limit, f.State)
	if err != nil {
		return nil, internal(err)
	}
	views := make([]OperationSummary, 0, len(list))
	for _, o := range list {
		v := summary(o)
		v.Progress = e.progress(ctx, o)
		views = append(views, v)
	}
	return views, nil
}

func summary(o persistence.Operation) OperationSummary {
	return OperationSummary{ID: o.ID, Machine: o.Machine, Backup: o.BackupID, State: o.State, Status: string(o.Status),
		Attempt: o.Attempt, Error: o.Error, CreatedAt: o.CreatedAt, StartedAt: o.StartedAt, FinishedAt: o.FinishedAt,
		AskedBy: recordedAsker(o.AskedBy)}
}

// Operation tells everything about one operation.
func (e *engine) Operation(ctx context.Context, id string) (OperationView, error) {
	o, err := e.find(ctx, id)
	if err != nil {
		return OperationView{}, err
	}
	v := OperationView{OperationSummary: summary(o), Definition: o.Definition, Transitions: []TransitionView{}, Processes: []ProcessView{}}
	if err := json.Unmarshal(o.Args, &v.Args); err != nil {
		return v, internal(fmt.Errorf("read arguments of operation %s: %w", o.ID, err))
	}
	if o.Status.Open() {
		// An ended operation may have run on a definition that is understood no
		// more; it can be shown all the same.
		e.mu.Lock()
		d, err := e.definitionOf(o)
		e.mu.Unlock()
		if err != nil {
			return v, internal(err)
		}
		v.Progress = e.progress(ctx, o)
		v.Cancellable = slices.Contains(d.Cancellable(), o.State)
	}
	transitions, err := e.store.Transitions(ctx, id)
	if err != nil {
		return v, internal(err)
	}
	for _, t := range transitions {
		v.Transitions = append(v.Transitions, TransitionView(t))
	}
	processes, err := e.store.Processes(ctx, id)
	if err != nil {
		return v, internal(err)
	}
	for _, p := range processes {
		v.Processes = append(v.Processes, ProcessView{ID: p.SharedID, Command: p.Command, PID: p.PID, Status: p.Status, ReturnCode: p.ReturnCode,
			Output: p.Output, Error: p.Error, StartTime: p.StartTime, EndTime: p.EndTime})
	}
	return v, nil
}
