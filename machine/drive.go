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
	"dbcalm-db-cmd/steps/crashpoint"
)

// decision is what is to become of an operation, with all that goes with it.
type decision struct {
	// again asks to look at the operation anew; nothing else is set then.
	again   bool
	event   string
	reason  string
	outcome *steps.Outcome
	// failure is why the operation fails, for the person who asked for it.
	failure string
	// damage is set when that is a stored backup's fault.
	damage *steps.Damage
	// jobID is the job that has ended, adopted one that goes on instead.
	jobID   int64
	adopted int64
	folder  string
	result  *persistence.ProcessResult
}

// drive works on an operation until it has ended or the daemon stops.
// Recovering says that an earlier daemon left it in its state.
func (m *Manager) drive(ctx context.Context, r *run, recovering bool) {
	log := m.log.With().Str(keyOperation, r.id).Str(keyMachine, r.definition.Name).Logger()
	for tries := 0; ctx.Err() == nil; tries++ {
		o, err := m.store.Operation(ctx, r.id)
		if err != nil {
			log.Error().Err(err).Msg("operation cannot be read; trying again")
			if !m.pause(ctx, tries) {
				return
			}
			continue
		}
		if !o.Status.Open() {
			return
		}
		d, err := m.work(ctx, r, o, recovering)
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
			if !m.pause(ctx, tries) {
				return
			}
			continue
		default:
			// The reason is one line of a table; the error has the program's last words.
			d.failure = err.Error()
			d.reason, _, _ = strings.Cut(d.failure, "\n")
			d.damage, _ = errors.AsType[*steps.Damage](err)
			d.event = failureEvent(r.definition.States[o.State])
		}
		recovering, tries = false, 0
		if d.again {
			continue
		}
		if !m.settle(ctx, r, o, d) {
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

// settle makes the decision true, however often the database must be asked,
// and tells whether there is more to do in this daemon.
func (m *Manager) settle(ctx context.Context, r *run, o persistence.Operation, d decision) bool {
	crashpoint.Here("before-" + o.State)
	for tries := 0; ; tries++ {
		after, err := m.apply(ctx, r.definition, o, d)
		log := m.log.With().Str(keyOperation, o.ID).Str(keyMachine, o.Machine).Str(keyState, o.State).Int(keyAttempt, o.Attempt).Logger()
		switch {
		case err == nil:
			crashpoint.Here("after-" + o.State)
			if d.folder != "" {
				if err := m.host.KeepLog(d.folder); err != nil {
					log.Warn().Err(err).Msg("operations logs will lack a program's output")
				}
				if err := m.host.RemoveJob(d.folder); err != nil {
					log.Warn().Err(err).Msg("job folder stays until the next start")
				}
			}
			m.tell(o, after, d)
			if !after.Status.Open() {
				m.wakeOnFinish()
				m.pruneLogs()
			}
			return after.Status.Open()
		case errors.Is(err, persistence.ErrCancelRequested):
			d = decision{event: definition.EventCancel, reason: "cancelled as requested", jobID: d.jobID, folder: d.folder, result: d.result}
		case errors.Is(err, persistence.ErrParentGone):
			d = decision{event: steps.EventFailed, reason: err.Error(), failure: err.Error() + ": it was deleted while this backup was made; take a full backup", jobID: d.jobID, folder: d.folder, result: d.result}
		case errors.Is(err, persistence.ErrExists):
			d = decision{event: steps.EventFailed, reason: err.Error(), failure: "another program has recorded a backup of this id meanwhile; this one is given up", jobID: d.jobID, folder: d.folder, result: d.result}
		case errors.Is(err, errNoWay) && d.event != failureEvent(r.definition.States[o.State]):
			text := fmt.Sprintf("the operation began with an earlier version of this program, which did not know of %q: give the command again", d.event)
			d = decision{event: failureEvent(r.definition.States[o.State]), reason: text, failure: text, jobID: d.jobID, folder: d.folder, result: d.result}
		case errors.Is(err, persistence.ErrJobOpen):
			// Decided without its program, which is looked at again.
			log.Error().Err(err).Str("event", d.event).Msg("transition refused; looking at the program again")
			return m.pause(ctx, tries)
		case errors.Is(err, persistence.ErrStale):
			log.Error().Err(err).Msg("operation was changed by somebody else; left alone")
			return false
		default:
			log.Error().Err(err).Msg("transition cannot be recorded; trying again")
			if !m.pause(ctx, tries) {
				return false
			}
		}
	}
}

// tell logs a transition.
func (m *Manager) tell(before, after persistence.Operation, d decision) {
	event := m.log.Info()
	if after.Status == persistence.Failed {
		event = m.log.Error().Str("error", after.Error)
	}
	event.Str(keyOperation, after.ID).Str(keyMachine, after.Machine).Str(keyBackup, after.BackupID).
		Str(keyState, after.State).Int(keyAttempt, after.Attempt).
		Str("from", before.State).Str("event", d.event).Str("reason", d.reason).
		Str("status", string(after.Status)).Msg("operation moved to " + after.State)
}

// The pauses before a database is asked again that could not be used, the
// first and the longest.
const (
	firstPause   = 250 * time.Millisecond
	longestPause = 15 * time.Second
)

// pause waits, the longer the more tries there have been, and tells whether
// to go on.
func (m *Manager) pause(ctx context.Context, tries int) bool {
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
	t := steps.Task{Operation: o.ID, Machine: o.Machine, State: o.State, Events: d.Outcomes(), Attempt: o.Attempt, CreatedAt: o.CreatedAt, Cancelled: o.CancelAt != nil}
	if err := json.Unmarshal(o.Args, &t.Args); err != nil {
		return t, fmt.Errorf("read arguments of operation %s: %w", o.ID, err)
	}
	if err := json.Unmarshal(o.Data, &t.Data); err != nil {
		return t, fmt.Errorf("read data of operation %s: %w", o.ID, err)
	}
	return t, nil
}
