package stream

import (
	"sync"
	"time"
)

// abort ends the goroutines of one call at the first error.
type abort struct {
	ends    []any // what they may be blocked in
	once    sync.Once
	stopped chan struct{}
	err     error // read it when stopped is closed
}

func newAbort(ends ...any) *abort { return &abort{ends: ends, stopped: make(chan struct{})} }

// fail stops everything because of err, unless it is stopped already.
func (a *abort) fail(err error) {
	a.once.Do(func() {
		a.err = err
		close(a.stopped)
		for _, end := range a.ends {
			interrupt(end)
		}
	})
}

// failed returns the first error, nil if there was none yet.
func (a *abort) failed() error {
	select {
	case <-a.stopped:
		return a.err
	default:
		return nil
	}
}

// interrupt ends a Read or Write that is under way, where the file can. Files
// that cannot never block for long.
func interrupt(end any) {
	if r, ok := end.(interface{ SetReadDeadline(time.Time) error }); ok {
		_ = r.SetReadDeadline(time.Unix(1, 0))
	}
	if w, ok := end.(interface{ SetWriteDeadline(time.Time) error }); ok {
		_ = w.SetWriteDeadline(time.Unix(1, 0))
	}
}
