package machine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"dbcalm-db-cmd/machine/definition"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/store"
)

// decision is what is to become of an operation, with all that goes with it.
type decision struct {
	event   string
	reason  string
	outcome *steps.Outcome
	// failure is why the operation fails, for the person who asked for it.
	failure string
	// damage is set when that is a stored backup's fault.
	damage *store.Damage
	// jobID is the job that has ended, adopted one that goes on instead.
	jobID   int64
	adopted int64
	folder  string
	result  *persistence.ProcessResult
}

// drive works on an operation until it has ended or the daemon stops.
// Recovering says that an earlier daemon left it in its state.
func (e *engine) drive(ctx context.Context, r *run, recovering bool) {
	log := e.log.With().Str(keyOperation, r.id).Str(keyMachine, r.definition.Name).Logger()
	for tries := 0; ctx.Err() == nil; tries++ {
		o, err := e.store.Operation(ctx, r.id)
		if err != nil {
			log.Error().Err(err).Msg("operation cannot be read; trying again")
			if !e.pause(ctx, tries) {
				return
			}
			continue
		}
		if !o.Status.Open() {
			return
		}
		a := &attempt{engine: e, run: r, operation: o, state: r.definition.States[o.State], recovering: recovering}
		d, err := a.work(ctx)
		recovering = a.recovering
		var broken *persistence.Error
		switch {
		case err == nil:
		case ctx.Err() != nil:
			// Whatever broke off, broke off because the daemon stops; the next one
			// carries on.
			return
		case errors.As(err, &broken), errors.Is(err, errUnclear):
			// Nothing is wrong with the operation: it waits for its database, or for
			// an answer from this host.
			log.Error().Err(err).Str(keyState, o.State).Msg("operation cannot go on for now; trying again")
			if !e.pause(ctx, tries) {
				return
			}
			continue
		default:
			// The reason is one line of a table; the error has the program's last words.
			d.failure = err.Error()
			d.reason, _, _ = strings.Cut(d.failure, "\n")
			d.damage, _ = errors.AsType[*store.Damage](err)
			d.event = failureEvent(a.state)
		}
		recovering, tries = false, 0
		if !a.settle(ctx, d) {
			return
		}
	}
}

func failureEvent(s *definition.State) string {
	if s.Cleanup {
		return definition.EventHalt
	}
	return steps.EventFailed
}

// The pauses before a database is asked again that could not be used, the
// first and the longest.
const (
	firstPause   = 250 * time.Millisecond
	longestPause = 15 * time.Second
)

// pause waits, the longer the more tries there have been, and reports whether
// to go on.
func (e *engine) pause(ctx context.Context, tries int) bool {
	wait := longestPause
	if tries < 6 {
		wait = firstPause << tries
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// task is what a step is told.
func task(o persistence.Operation, d *definition.Definition) (steps.Task, error) {
	t := steps.Task{Operation: o.ID, Machine: o.Machine, State: o.State, Events: d.Outcomes(),
		Attempt: o.Attempt, CreatedAt: o.CreatedAt, Cancelled: o.CancelAt != nil}
	if err := json.Unmarshal(o.Args, &t.Args); err != nil {
		return t, fmt.Errorf("read arguments of operation %s: %w", o.ID, err)
	}
	if err := json.Unmarshal(o.Data, &t.Data); err != nil {
		return t, fmt.Errorf("read data of operation %s: %w", o.ID, err)
	}
	return t, nil
}
