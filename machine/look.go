package machine

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/machine/definition"
	"dbcalm-db-cmd/persistence"
)

// listLimit is how many operations a listing shows unless told.
const listLimit = 50

// Operations lists operations, newest first.
func (e *engine) Operations(ctx context.Context, f api.OperationFilter) ([]api.OperationSummary, error) {
	if f.Limit == 0 {
		f.Limit = listLimit
	}
	var list []persistence.Operation
	var err error
	if f.IDPrefix != "" {
		list, err = e.store.OperationsLike(ctx, f.Limit, f.IDPrefix)
	} else {
		list, err = e.store.Operations(ctx, f.Limit, f.State)
	}
	if err != nil {
		return nil, api.Failure(err)
	}
	views := make([]api.OperationSummary, 0, len(list))
	for _, o := range list {
		v := summary(o)
		v.Progress = e.progress(ctx, o)
		views = append(views, v)
	}
	return views, nil
}

func summary(o persistence.Operation) api.OperationSummary {
	return api.OperationSummary{ID: o.ID, Machine: o.Machine, Backup: o.BackupID, State: o.State, Status: string(o.Status),
		Attempt: o.Attempt, Error: o.Error, CreatedAt: o.CreatedAt, StartedAt: o.StartedAt, FinishedAt: o.FinishedAt,
		AskedBy: api.ReadAsker(o.AskedBy)}
}

// Operation tells everything about one operation.
func (e *engine) Operation(ctx context.Context, id string) (api.OperationView, error) {
	o, err := e.find(ctx, id)
	if err != nil {
		return api.OperationView{}, err
	}
	v := api.OperationView{OperationSummary: summary(o), Definition: o.Definition,
		Transitions: []api.TransitionView{}, Processes: []api.ProcessView{}}
	if err := json.Unmarshal(o.Args, &v.Args); err != nil {
		return v, api.Failure(fmt.Errorf("read arguments of operation %s: %w", o.ID, err))
	}
	if o.Status.Open() {
		// An ended operation may have run on a definition that is understood no
		// more; it can be shown all the same.
		d, err := e.stored.Parse(o.Definition)
		if err != nil {
			return v, api.Failure(err)
		}
		v.Progress = e.progress(ctx, o)
		v.Command = e.commandOf(o, d)
		v.Cancellable = slices.Contains(d.Cancellable(), o.State)
	}
	transitions, err := e.store.Transitions(ctx, id)
	if err != nil {
		return v, api.Failure(err)
	}
	for _, t := range transitions {
		v.Transitions = append(v.Transitions, api.TransitionView(t))
	}
	processes, err := e.store.Processes(ctx, id)
	if err != nil {
		return v, api.Failure(err)
	}
	for _, p := range processes {
		v.Processes = append(v.Processes, api.ProcessView{ID: p.SharedID, Command: p.Command, PID: p.PID, Status: p.Status,
			ReturnCode: p.ReturnCode, Output: p.Output, Error: p.Error, StartTime: p.StartTime, EndTime: p.EndTime})
	}
	return v, nil
}

// Figures counts operations and backups. Bounds, in seconds, divide how long
// operations took.
func (m *Manager) Figures(ctx context.Context, bounds []float64) (api.Figures, error) {
	f := api.Figures{Machines: map[string][]string{}}
	var err error
	if f.Figures, err = m.store.Figures(ctx, bounds); err != nil {
		return f, err
	}
	for name, d := range m.definitions {
		f.Machines[name] = []string{}
		for _, state := range d.Order() {
			if d.States[state].Step != "" {
				f.Machines[name] = append(f.Machines[name], state)
			}
		}
	}
	if status := m.host.Archive.Status; status != nil {
		now := status()
		f.Archive = &now
	}
	f.Backups, err = m.backups.Figures(ctx)
	return f, err
}

// commandOf returns the command that an operation carries out. Definitions of
// earlier versions do not say it: there the one of today does.
func (e *engine) commandOf(o persistence.Operation, d *definition.Definition) string {
	if today := e.definitions[o.Machine]; d.Command == "" && today != nil {
		return today.Command
	}
	return d.Command
}
