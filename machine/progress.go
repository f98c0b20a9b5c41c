package machine

import (
	"context"
	"sync"
	"time"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/machine/definition"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/disk"
)

// gauge tells how far an operation under way is.
type gauge struct {
	mu sync.Mutex
	// meter measures the step under way; nil while none of the daemon's own is.
	meter *disk.Meter
	// shown is the progress last worked out.
	shown shownProgress
}

// measure notes what measures the step that the operation is at.
func (g *gauge) measure(meter *disk.Meter) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.meter = meter
}

func (g *gauge) read() (*disk.Meter, shownProgress) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.meter, g.shown
}

func (g *gauge) show(shown shownProgress) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shown = shown
}

// progress tells how far a running operation's state is; nil for one that does
// not run. It is worked out anew from what lies on the disk, and so is as true
// after a restart of the daemon as before.
func (e *engine) progress(ctx context.Context, o persistence.Operation) *api.ProgressView {
	if o.Status != persistence.Running {
		return nil
	}
	g := &gauge{}
	if known, underWay := e.gauges.Load(o.ID); underWay {
		g = known.(*gauge)
	}
	meter, shown := g.read()
	if shown.view != nil && shown.seq == o.Seq && time.Now().Before(shown.until) {
		return shown.view
	}
	d, err := e.stored.Parse(o.Definition)
	if err != nil {
		return nil
	}
	began := time.Now()
	v := e.lookAtProgress(ctx, o, d, meter)
	g.show(shownProgress{view: v, seq: o.Seq, until: time.Now().Add(progressAge(time.Since(began)))})
	return v
}

// progressAge is for how long a progress is told again that took so long to work
// out: programs that wait ask many times a second, and among many files looking
// must not take what the backup needs.
func progressAge(took time.Duration) time.Duration { return max(200*time.Millisecond, 20*took) }

// shownProgress is a progress that is told until a time, for one transition.
type shownProgress struct {
	view  *api.ProgressView
	seq   int64
	until time.Time
}

func (e *engine) lookAtProgress(
	ctx context.Context, o persistence.Operation, d *definition.Definition, meter *disk.Meter,
) *api.ProgressView {
	s := d.States[o.State]
	if s == nil || s.Step == "" {
		return nil
	}
	v := &api.ProgressView{What: s.Summary}
	var p disk.Progress
	if step := e.registry[s.Step]; step.Job == nil {
		if meter == nil {
			return v
		}
		p = meter.Progress()
	} else {
		job, err := e.store.OpenJob(ctx, o.ID)
		if err != nil || job.State != o.State {
			return v
		}
		t, err := task(o, d)
		if err == nil && step.Progress != nil {
			p, _ = step.Progress(t, job.Folder)
		}
		p.Began = job.CreatedAt
	}
	fill(v, p, time.Now())
	return v
}

func fill(v *api.ProgressView, p disk.Progress, now time.Time) {
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
