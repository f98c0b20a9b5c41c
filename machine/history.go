package machine

import (
	"context"
	"errors"
	"slices"
	"time"

	"dbcalm-db-cmd/persistence"
)

// historian lets what is long over go: operations with their logs, and the logs of
// younger ones. It works in small bites with pauses between them, so that no
// command waits for it, and it may be broken off anywhere.
type historian struct {
	common
	engine  *engine
	history *persistence.History
	// keep and keepLogs are how long operations and logs are kept, 0 for ever;
	// newest operations are kept however old they are.
	keep, keepLogs time.Duration
	newest         int
}

const (
	// sweepEvery is how often the historian looks what is old.
	sweepEvery = time.Hour
	// historyBite is how many operations leave the ledger in one transaction, and
	// historyPause how long it is left to others after that.
	historyBite  = 20
	historyPause = 50 * time.Millisecond
	// keptNewest operations stay in any case: whoever looks at a daemon that is
	// seldom used finds what it did last.
	keptNewest = 1000
)

func newHistorian(all common, e *engine, o Options) *historian {
	return &historian{common: all, engine: e, history: persistence.NewHistory(all.store),
		keep: o.KeepHistory, keepLogs: o.KeepLogs, newest: keptNewest}
}

// run sweeps now and then until ctx ends.
func (h *historian) run(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		if err := h.sweep(ctx); err != nil && ctx.Err() == nil {
			h.log.Warn().Err(err).Msg("what is long over is kept for longer; the next hour tries again")
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// sweep lets go of all that is old by now.
func (h *historian) sweep(ctx context.Context) error {
	var errs []error
	if h.keepLogs != 0 {
		errs = append(errs, h.host.Jobs.PruneLogs(time.Now().Add(-h.keepLogs)))
	}
	// What an earlier daemon began comes first.
	errs = append(errs, h.removeLogs(ctx))
	if h.keep != 0 {
		errs = append(errs, h.forget(ctx))
	}
	return errors.Join(append(errs, h.shrink(ctx))...)
}

// forget lets old operations leave the ledger.
func (h *historian) forget(ctx context.Context) error {
	age := persistence.Age{Before: time.Now().Add(-h.keep), Newest: h.newest}
	forgotten := 0
	defer func() {
		if forgotten > 0 {
			h.log.Info().Int("operations", forgotten).Time("ended_before", age.Before).Msg("old operations have left the history")
		}
	}()
	for at := (persistence.Place{}); ; {
		list, next, err := h.history.Old(ctx, age, at, historyBite)
		if err != nil || len(list) == 0 {
			return err
		}
		at = next
		var ids []string
		for _, o := range slices.DeleteFunc(list, h.resumes) {
			ids = append(ids, o.ID)
		}
		gone, err := h.history.Forget(ctx, age, ids)
		if err != nil {
			return err
		}
		forgotten += len(gone)
		if err := h.removeLogs(ctx); err != nil {
			return err
		}
		// The file does not first grow by what the bites leave free.
		if _, err := h.history.Shrink(ctx); err != nil {
			return err
		}
		if !h.rest(ctx) {
			return nil
		}
	}
}

// resumes reports whether a retry of an operation would go on in the middle of its
// work: it stays, however old it is, as long as nobody has decided on it.
func (h *historian) resumes(o persistence.Operation) bool {
	d, err := h.engine.stored.Parse(o.Definition)
	// One that is understood no more cannot be retried either.
	return err == nil && o.Status == persistence.Failed && d.Resumes(o.State)
}

// removeLogs removes the logs of the operations that have left the ledger.
func (h *historian) removeLogs(ctx context.Context) error {
	for {
		ids, err := h.history.LogsToRemove(ctx, historyBite)
		if err != nil || len(ids) == 0 {
			return err
		}
		for _, id := range ids {
			if err := h.host.Jobs.RemoveLogs(id); err != nil {
				return err
			}
		}
		if err := h.history.LogsRemoved(ctx, ids); err != nil {
			return err
		}
	}
}

// shrink gives back what the two files no longer need.
func (h *historian) shrink(ctx context.Context) error {
	for {
		more, err := h.history.Shrink(ctx)
		if err != nil || !more || !h.rest(ctx) {
			return err
		}
	}
}

// rest leaves the ledger to others for a while, and reports whether to go on.
func (h *historian) rest(ctx context.Context) bool {
	timer := time.NewTimer(historyPause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
