package machine

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"dbcalm-db-cmd/machine/definition"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps"
)

// work does what an operation's state asks for and decides what follows. An
// error without a decision is the step's failure, except that ErrStopping
// hands the work off and a *persistence.Error asks for another try.
func (m *Manager) work(ctx context.Context, r *run, o persistence.Operation, recovering bool) (decision, error) {
	s := r.definition.States[o.State]
	if o.State == r.definition.Initial {
		if o.CancelAt != nil {
			return decision{event: definition.EventCancel, reason: "cancelled as requested while waiting"}, nil
		}
		return decision{event: definition.EventStart, reason: "its turn has come"}, nil
	}
	stepCtx, done, err := m.watch(ctx, r, &o)
	if err != nil {
		return decision{}, err
	}
	defer done()
	t, err := task(o, r.definition)
	if err != nil {
		return decision{}, err
	}
	step := m.registry[s.Step]
	var d decision
	switch {
	case step.Job != nil:
		d, err = m.job(stepCtx, r, o, step, t, recovering)
	case o.CancelAt != nil && s.Cancel != "":
		err = steps.ErrCancelled
	case recovering:
		return m.interrupted(stepCtx, r, o, step, t, "the daemon ended while this state was under way")
	default:
		d, err = m.runStep(stepCtx, step, t)
	}
	if err == nil || errors.Is(err, steps.ErrStopping) || errors.Is(err, errUnclear) || s.Cancel == "" {
		// A cancel that came while an earlier state could still be left has been
		// honoured by then; a clean-up must not be broken off by it.
		return d, err
	}
	if errors.Is(err, steps.ErrCancelled) || errors.Is(context.Cause(stepCtx), steps.ErrCancelled) {
		d.event, d.reason = definition.EventCancel, "cancelled as requested"
		return d, nil
	}
	return d, err
}

// watch returns the context of a step, which a cancel of the operation ends.
// A cancel requested before the step could be reached is read anew into o.
func (m *Manager) watch(ctx context.Context, r *run, o *persistence.Operation) (context.Context, func(), error) {
	stepCtx, interrupt := context.WithCancelCause(ctx)
	m.mu.Lock()
	r.interrupt = interrupt
	m.mu.Unlock()
	done := func() {
		m.mu.Lock()
		r.interrupt = nil
		m.mu.Unlock()
		interrupt(nil)
	}
	fresh, err := m.store.Operation(ctx, o.ID)
	if err != nil {
		done()
		return nil, nil, err
	}
	o.CancelAt = fresh.CancelAt
	return stepCtx, done, nil
}

// interrupted applies the crash policy of the state.
func (m *Manager) interrupted(ctx context.Context, r *run, o persistence.Operation, step steps.Step, t steps.Task, how string) (decision, error) {
	s := r.definition.States[o.State]
	for _, p := range s.Interrupted {
		if p.Kind != definition.PolicyProbe {
			continue
		}
		outcome, done, err := m.probe(ctx, step, t)
		if err != nil {
			return decision{}, err
		}
		if done {
			return decision{event: outcome.Event, reason: "interrupted: " + how + "; its work was found done: " + outcome.Reason, outcome: &outcome}, nil
		}
	}
	n, err := m.store.Interruptions(ctx, o.ID, o.State)
	if err != nil {
		return decision{}, err
	}
	if n >= s.MaxInterruptions() {
		text := fmt.Sprintf("interrupted %d times in state %s, the last time because %s: given up", n+1, o.State, how)
		return decision{event: definition.EventExhausted, reason: text, failure: text}, nil
	}
	last := s.Interrupted[len(s.Interrupted)-1]
	switch last.Kind {
	case definition.PolicyRewind:
		return decision{event: definition.EventRewind, reason: fmt.Sprintf("interrupted: %s; going back to %s, whose work is not trusted after this", how, last.Rewind)}, nil
	case definition.PolicyHalt:
		text := fmt.Sprintf("interrupted in state %s: %s; it needs a person", o.State, how)
		return decision{event: definition.EventHalt, reason: text, failure: text}, nil
	}
	return decision{event: definition.EventRedo, reason: fmt.Sprintf("interrupted: %s; %s goes on where it was", how, o.State)}, nil
}

// untilWritten repeats a small write that the database refuses for now.
func (m *Manager) untilWritten(ctx context.Context, o persistence.Operation, write func(context.Context) error) error {
	for tries := 0; ; tries++ {
		attempt, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
		err := write(attempt)
		cancel()
		if err == nil {
			return nil
		}
		m.log.Error().Err(err).Str(keyOperation, o.ID).Str(keyState, o.State).Msg("state database cannot be written; trying again")
		if !m.pause(ctx, tries) {
			return context.Cause(ctx)
		}
	}
}

// untilRoom repeats what fails because the state disk is full or read-only: an
// operation waits for that disk as it waits for its database.
func (m *Manager) untilRoom(ctx context.Context, o persistence.Operation, work func() error) error {
	for tries := 0; ; tries++ {
		err := work()
		if !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, syscall.EDQUOT) && !errors.Is(err, syscall.EROFS) {
			return err
		}
		m.log.Error().Err(err).Str(keyOperation, o.ID).Str(keyState, o.State).Msg("state_dir cannot be written; trying again")
		if !m.pause(ctx, tries) {
			return context.Cause(ctx)
		}
	}
}

// writeTimeout bounds one try at a write.
const writeTimeout = 10 * time.Second
