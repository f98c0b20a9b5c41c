package machine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/crashpoint"
	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/printable"
)

// startOnFinish lets the on_finish commands run that are owed, those of an
// earlier daemon first.
func (e *engine) startOnFinish(ctx context.Context) error {
	if e.host.Jobs.OnFinish != "" {
		e.wakeOnFinish()
		e.workers.Go(func() { e.runOnFinish(e.base) })
		return nil
	}
	forgotten, err := e.store.ForgetOnFinish(ctx)
	if err != nil {
		return err
	}
	if forgotten > 0 {
		e.log.Warn().Int64("operations", forgotten).Msg("on_finish is no longer set; ends that were still to be told are not")
	}
	return nil
}

// wakeOnFinish says that an on_finish command is owed.
func (e *engine) wakeOnFinish() {
	select {
	case e.owed <- struct{}{}:
	default:
	}
}

// runOnFinish runs the commands that are owed, one at a time and in the order
// of the ends, until ctx ends. What is not marked as run by then is owed still.
func (e *engine) runOnFinish(ctx context.Context) {
	for tries := 0; ; {
		end, err := e.store.OwedOnFinish(ctx)
		switch {
		case err == nil:
			tries = 0
			if !e.finishTold(ctx, end) {
				return
			}
			continue
		case errors.Is(err, persistence.ErrNotFound):
			tries = 0
			select {
			case <-e.owed:
			case <-ctx.Done():
				return
			}
			continue
		case ctx.Err() != nil:
			return
		}
		e.log.Error().Err(err).Msg("on_finish waits for the state database; trying again")
		if !e.pause(ctx, tries) {
			return
		}
		tries++
	}
}

// finishTold runs the command of one end and records that it has; false if the
// daemon stops first.
func (e *engine) finishTold(ctx context.Context, end persistence.End) bool {
	log := e.log.With().Str(keyOperation, end.OperationID).Str(keyMachine, end.Machine).Logger()
	failure := ""
	err := e.tellFinish(ctx, end)
	var broken *persistence.Error
	switch {
	case err == nil:
		log.Debug().Msg("on_finish has run")
	case ctx.Err() != nil:
		return false
	case errors.As(err, &broken):
		log.Error().Err(err).Msg("on_finish waits for the state database; trying again")
		return e.pause(ctx, 0)
	default:
		failure = err.Error()
		log.Error().Err(err).Msg("on_finish failed; the operation is not affected")
	}
	crashpoint.Here("on-finish-ran")
	for tries := 0; ; tries++ {
		write, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
		err := e.store.SettleOnFinish(write, end.Number, failure)
		cancel()
		if err == nil {
			return true
		}
		log.Error().Err(err).Msg("that on_finish has run cannot be recorded; trying again")
		if !e.pause(ctx, tries) {
			return false
		}
	}
}

func (e *engine) tellFinish(ctx context.Context, end persistence.End) error {
	view, err := e.viewOf(ctx, end)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(view); err != nil {
		return fmt.Errorf("encode operation %s: %w", end.OperationID, err)
	}
	finished := job.Finished{Operation: end.OperationID, Machine: end.Machine, Backup: end.BackupID, Status: string(end.Status),
		JSON: printable.JSON(text.Bytes())}
	if view.AskedBy != nil {
		finished.AskedBy = view.AskedBy.String()
	}
	return e.host.Jobs.RunOnFinish(ctx, finished)
}

// viewOf shows an operation as it was when it ended; it may have been retried
// since.
func (e *engine) viewOf(ctx context.Context, end persistence.End) (api.OperationView, error) {
	v, err := e.Operation(ctx, end.OperationID)
	if err != nil {
		return v, err
	}
	v.State, v.Status, v.Attempt, v.Error = end.State, string(end.Status), end.Attempt, end.Error
	v.StartedAt, v.FinishedAt, v.Cancellable = end.StartedAt, &end.At, false
	v.Transitions = slices.DeleteFunc(v.Transitions, func(t api.TransitionView) bool { return t.Seq > end.Seq })
	v.Processes = slices.DeleteFunc(v.Processes, func(p api.ProcessView) bool { return p.StartTime.After(end.At) })
	return v, nil
}
