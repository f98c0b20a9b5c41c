package machine

import (
	"context"
	"errors"
	"fmt"

	"dbcalm-db-cmd/machine/definition"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/crashpoint"
)

// settle makes the decision true, however often the database must be asked,
// and reports whether there is more to do in this daemon.
func (a *attempt) settle(ctx context.Context, d decision) bool {
	o := a.operation
	crashpoint.Here("before-" + o.State)
	for tries := 0; ; tries++ {
		after, err := a.apply(ctx, d)
		log := a.log.With().Str(keyOperation, o.ID).Str(keyMachine, o.Machine).Str(keyState, o.State).Int(keyAttempt, o.Attempt).Logger()
		switch {
		case err == nil:
			crashpoint.Here("after-" + o.State)
			if d.folder != "" {
				if err := a.host.Jobs.KeepLog(d.folder); err != nil {
					log.Warn().Err(err).Msg("operations logs will lack a program's output")
				}
				if err := a.host.Jobs.Remove(d.folder); err != nil {
					log.Warn().Err(err).Msg("job folder stays until the next start")
				}
			}
			a.tell(after, d)
			if !after.Status.Open() {
				a.wakeOnFinish()
			}
			return after.Status.Open()
		case errors.Is(err, persistence.ErrCancelRequested):
			d = d.failing(definition.EventCancel, "cancelled as requested", "")
		case errors.Is(err, persistence.ErrParentGone):
			d = d.failing(steps.EventFailed, err.Error(), err.Error()+": it was deleted while this backup was made; take a full backup")
		case errors.Is(err, persistence.ErrExists):
			d = d.failing(steps.EventFailed, err.Error(), "another program has recorded a backup of this id meanwhile; this one is given up")
		case errors.Is(err, errNoWay) && d.event != failureEvent(a.state):
			text := fmt.Sprintf("the operation began with an earlier version of this program, which did not know of %q: give the command again",
				d.event)
			d = d.failing(failureEvent(a.state), text, text)
		case errors.Is(err, persistence.ErrJobOpen):
			// Decided without its program, which is looked at again.
			log.Error().Err(err).Str("event", d.event).Msg("transition refused; looking at the program again")
			return a.pause(ctx, tries)
		case errors.Is(err, persistence.ErrStale):
			log.Error().Err(err).Msg("operation was changed by somebody else; left alone")
			return false
		default:
			log.Error().Err(err).Msg("transition cannot be recorded; trying again")
			if !a.pause(ctx, tries) {
				return false
			}
		}
	}
}

// failing is what a decision becomes that cannot be made true. What is known of
// its job stays.
func (d decision) failing(event, reason, failure string) decision {
	return decision{event: event, reason: reason, failure: failure, jobID: d.jobID, folder: d.folder, result: d.result}
}

// tell logs a transition.
func (a *attempt) tell(after persistence.Operation, d decision) {
	event := a.log.Info()
	if after.Status == persistence.Failed {
		event = a.log.Error().Str("error", after.Error)
	}
	event.Str(keyOperation, after.ID).Str(keyMachine, after.Machine).Str(keyBackup, after.BackupID).
		Str(keyState, after.State).Int(keyAttempt, after.Attempt).
		Str("from", a.operation.State).Str("event", d.event).Str("reason", d.reason).
		Str("status", string(after.Status)).Msg("operation moved to " + after.State)
}
