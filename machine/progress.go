package machine

import (
	"context"
	"time"

	"dbcalm-db-cmd/machine/definition"
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
	r := m.running[o.ID]
	if r != nil {
		meter = r.meter
		if r.shown.view != nil && r.shown.seq == o.Seq && time.Since(r.shown.at) < progressAge {
			view := r.shown.view
			m.mu.Unlock()
			return view
		}
	}
	m.mu.Unlock()
	if err != nil {
		return nil
	}
	v := m.lookAtProgress(ctx, o, d, meter)
	if r != nil {
		m.mu.Lock()
		defer m.mu.Unlock()
		r.shown = shownProgress{view: v, seq: o.Seq, at: time.Now()}
	}
	return v
}

// progressAge is for how long a progress that was worked out is told again:
// programs that wait ask many times a second, and looking costs many calls.
const progressAge = 200 * time.Millisecond

// shownProgress is a progress as it was at a time, for one transition.
type shownProgress struct {
	view *ProgressView
	seq  int64
	at   time.Time
}

func (m *Manager) lookAtProgress(ctx context.Context, o persistence.Operation, d *definition.Definition, meter *steps.Meter) *ProgressView {
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
