package machine

import (
	"context"
	"time"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps"
)

// measure notes what measures the step that an operation is at.
func (m *Manager) measure(operation string, meter *steps.Meter) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r := m.running[operation]; r != nil {
		r.meter = meter
	}
}

// progress tells how far a running operation's state is; nil for one that does
// not run. It is worked out anew from what lies on the disk, and so is as true
// after a restart of the daemon as before.
func (m *Manager) progress(ctx context.Context, o persistence.Operation) *ProgressView {
	if o.Status != persistence.Running {
		return nil
	}
	m.mu.Lock()
	d, err := m.definitionOf(o)
	var meter *steps.Meter
	if r := m.running[o.ID]; r != nil {
		meter = r.meter
	}
	m.mu.Unlock()
	if err != nil {
		return nil
	}
	s := d.States[o.State]
	if s == nil || s.Step == "" {
		return nil
	}
	v := &ProgressView{What: s.Summary}
	var p steps.Progress
	if step := m.registry[s.Step]; step.Job == nil {
		if meter == nil {
			return v
		}
		p = meter.Progress()
	} else {
		job, err := m.store.OpenJob(ctx, o.ID)
		if err != nil || job.State != o.State {
			return v
		}
		t, err := task(o, d)
		if err == nil && step.Progress != nil {
			p, _ = step.Progress(t, job.Folder)
		}
		p.Began = job.CreatedAt
	}
	v.fill(p, time.Now())
	return v
}

func (v *ProgressView) fill(p steps.Progress, now time.Time) {
	v.DoneBytes, v.TotalBytes, v.Since = p.Done, p.Total, p.Began
	if p.Total > 0 {
		v.DoneBytes = min(p.Done, p.Total)
	}
	elapsed := now.Sub(p.Began).Seconds()
	if p.Done <= 0 || elapsed <= 0 {
		return
	}
	v.BytesPerSecond = float64(p.Done) / elapsed
	if p.Total > 0 {
		left := float64(v.TotalBytes-v.DoneBytes) / v.BytesPerSecond
		v.SecondsLeft = &left
	}
}
