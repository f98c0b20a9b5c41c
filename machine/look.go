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
func (m *Manager) Operations(ctx context.Context, f OperationFilter) ([]OperationSummary, error) {
	if f.Limit == 0 {
		f.Limit = listLimit
	}
	list, err := m.store.Operations(ctx, f.Limit, f.State)
	if err != nil {
		return nil, internal(err)
	}
	views := make([]OperationSummary, 0, len(list))
	for _, o := range list {
		v := summary(o)
		v.Progress = m.progress(ctx, o)
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
func (m *Manager) Operation(ctx context.Context, id string) (OperationView, error) {
	o, err := m.find(ctx, id)
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
		m.mu.Lock()
		d, err := m.definitionOf(o)
		m.mu.Unlock()
		if err != nil {
			return v, internal(err)
		}
		v.Progress = m.progress(ctx, o)
		v.Cancellable = slices.Contains(d.cancellable(), o.State)
	}
	transitions, err := m.store.Transitions(ctx, id)
	if err != nil {
		return v, internal(err)
	}
	for _, t := range transitions {
		v.Transitions = append(v.Transitions, TransitionView(t))
	}
	processes, err := m.store.Processes(ctx, id)
	if err != nil {
		return v, internal(err)
	}
	for _, p := range processes {
		v.Processes = append(v.Processes, ProcessView{ID: p.ID, Command: p.Command, PID: p.PID, Status: p.Status, ReturnCode: p.ReturnCode,
			Output: p.Output, Error: p.Error, StartTime: p.StartTime, EndTime: p.EndTime})
	}
	return v, nil
}

// Backups lists the recorded backups, oldest first.
func (m *Manager) Backups(ctx context.Context) ([]BackupView, error) {
	list, err := m.store.Backups(ctx)
	if err != nil {
		return nil, internal(err)
	}
	views := make([]BackupView, 0, len(list))
	for _, b := range list {
		v := BackupView{ID: b.ID, FromBackupID: b.FromBackupID, ScheduleID: b.ScheduleID, StartTime: b.StartTime, EndTime: b.EndTime, Size: b.Size,
			Form: m.host.StoredAs(b.ID)}
		if v.FromLSN, v.ToLSN, err = m.host.Span(b.ID); err != nil {
			v.Problem = err.Error()
		}
		views = append(views, v)
	}
	if err := m.addVerifications(ctx, views); err != nil {
		return nil, internal(err)
	}
	unrecorded, err := m.unrecorded(ctx, list)
	if err != nil {
		return nil, internal(err)
	}
	return append(views, unrecorded...), nil
}

// unrecorded lists the backups in the store that have no record, as after the
// loss of the database: they are there, and nobody must think them gone.
func (m *Manager) unrecorded(ctx context.Context, recorded []persistence.Backup) ([]BackupView, error) {
	manifests, err := m.host.Unrecorded(recorded)
	if err != nil || len(manifests) == 0 {
		return nil, err
	}
	open, err := m.store.OpenOperations(ctx)
	if err != nil {
		return nil, err
	}
	var views []BackupView
	for _, f := range manifests {
		// Between its publication and its record, a backup is not lost.
		if slices.ContainsFunc(open, func(o persistence.Operation) bool { return o.ID == f.Operation }) {
			continue
		}
		views = append(views, BackupView{ID: f.ID, FromBackupID: f.ParentID, ScheduleID: f.ScheduleID, StartTime: f.StartTime, EndTime: &f.EndTime,
			Size: &f.Size, FromLSN: f.FromLSN, ToLSN: f.ToLSN, Form: f.StoredAs(), Unrecorded: true, Problem: "its folder is there, its record is lost: dbcalm-db-cmd backups rebuild"})
	}
	return views, nil
}
