package disk

import (
	"context"
	"sync/atomic"
	"time"
)

// Progress is how far a state's work is.
type Progress struct {
	// Done and Total are in bytes; Total is 0 when nobody can tell.
	Done  int64
	Total int64
	// Began is when what Done counts began.
	Began time.Time
}

// Meter measures the work of a step in the daemon itself.
type Meter struct {
	done, total atomic.Int64
	began       time.Time
}

type meterKey struct{}

// WithMeter returns a context with which a step's work is measured.
func WithMeter(ctx context.Context) (context.Context, *Meter) {
	m := &Meter{began: time.Now()}
	return context.WithValue(ctx, meterKey{}, m), m
}

// Progress returns how far the step is.
func (m *Meter) Progress() Progress {
	return Progress{Done: m.done.Load(), Total: m.total.Load(), Began: m.began}
}

// expect says how many bytes the step under way will read in all.
func Expect(ctx context.Context, total int64) {
	if m, measured := ctx.Value(meterKey{}).(*Meter); measured {
		m.total.Store(total)
	}
}

// advance counts bytes that were read.
func Advance(ctx context.Context, n int) {
	if m, measured := ctx.Value(meterKey{}).(*Meter); measured {
		m.done.Add(int64(n))
	}
}

// cap keeps a measure that also counts what was not foreseen, such as the redo
// log, from telling of an end before the end.
func (p *Progress) Cap() { p.Done = min(p.Done, p.Total*99/100) }
