package machine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/crashpoint"
	"dbcalm-db-cmd/steps/printable"
)

// startOnFinish lets the on_finish commands run that are owed, those of an
// earlier daemon first.
func (m *Manager) startOnFinish(ctx context.Context) error {
	if m.host.OnFinish != "" {
		m.wakeOnFinish()
		m.workers.Go(func() { m.runOnFinish(m.base) })
		return nil
	}
	forgotten, err := m.store.ForgetOnFinish(ctx)
	if err != nil {
		return err
	}
	if forgotten > 0 {
		m.log.Warn().Int64("operations", forgotten).Msg("on_finish is no longer set; ends that were still to be told are not")
	}
	return nil
}

// wakeOnFinish says that an on_finish command is owed.
func (m *Manager) wakeOnFinish() {
	select {
	case m.owed <- struct{}{}:
	default:
	}
}

// runOnFinish runs the commands that are owed, one at a time and in the order
// of the ends, until ctx ends. What is not marked as run by then is owed still.
func (m *Manager) runOnFinish(ctx context.Context) {
	for tries := 0; ; {
		end, err := m.store.OwedOnFinish(ctx)
		switch {
		case err == nil:
			tries = 0
			if !m.finishTold(ctx, end) {
				return
			}
			continue
		case errors.Is(err, persistence.ErrNotFound):
			tries = 0
			select {
			case <-m.owed:
			case <-ctx.Done():
				return
			}
			continue
		case ctx.Err() != nil:
			return
		}
		m.log.Error().Err(err).Msg("on_finish waits for the state database; trying again")
		if !m.pause(ctx, tries) {
			return
		}
		tries++
	}
}

// finishTold runs the command of one end and records that it has; false if the
// daemon stops first.
func (m *Manager) finishTold(ctx context.Context, end persistence.End) bool {
	log := m.log.With().Str(keyOperation, end.OperationID).Str(keyMachine, end.Machine).Logger()
	failure := ""
	err := m.tellFinish(ctx, end)
	var broken *persistence.Error
	switch {
	case err == nil:
		log.Debug().Msg("on_finish has run")
	case ctx.Err() != nil:
		return false
	case errors.As(err, &broken):
		log.Error().Err(err).Msg("on_finish waits for the state database; trying again")
		return m.pause(ctx, 0)
	default:
		failure = err.Error()
		log.Error().Err(err).Msg("on_finish failed; the operation is not affected")
	}
	crashpoint.Here("on-finish-ran")
	for tries := 0; ; tries++ {
		write, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
		err := m.store.SettleOnFinish(write, end.Number, failure)
		cancel()
		if err == nil {
			return true
		}
		log.Error().Err(err).Msg("that on_finish has run cannot be recorded; trying again")
		if !m.pause(ctx, tries) {
			return false
		}
	}
}

func (m *Manager) tellFinish(ctx context.Context, end persistence.End) error {
	view, err := m.viewOf(ctx, end)
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
	finished := steps.Finished{Operation: end.OperationID, Machine: end.Machine, Backup: end.BackupID, Status: string(end.Status),
		JSON: printable.JSON(text.Bytes())}
	if view.AskedBy != nil {
		finished.AskedBy = view.AskedBy.String()
	}
	return m.host.RunOnFinish(ctx, finished)
}

// viewOf shows an operation as it was when it ended; it may have been retried
// since.
func (m *Manager) viewOf(ctx context.Context, end persistence.End) (OperationView, error) {
	v, err := m.Operation(ctx, end.OperationID)
	if err != nil {
		return v, err
	}
	v.State, v.Status, v.Attempt, v.Error = end.State, string(end.Status), end.Attempt, end.Error
	v.StartedAt, v.FinishedAt, v.Cancellable = end.StartedAt, &end.At, false
	v.Transitions = slices.DeleteFunc(v.Transitions, func(t TransitionView) bool { return t.Seq > end.Seq })
	v.Processes = slices.DeleteFunc(v.Processes, func(p ProcessView) bool { return p.StartTime.After(end.At) })
	return v, nil
}
