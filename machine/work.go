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
	"dbcalm-db-cmd/steps/job"
)

// attempt is one operation in one state, as this daemon works on it.
type attempt struct {
	*engine
	run       *run
	operation persistence.Operation
	state     *definition.State
	// step is the state's work, task what it is told.
	step steps.Step
	task steps.Task
	// job is the program of the state, once it has one.
	job persistence.Job
	// recovering says that an earlier daemon left the operation in the state.
	recovering bool
}

// work does what the operation's state asks for and decides what follows. An
// error without a decision is the step's failure, except that ErrStopping
// hands the work off and a *persistence.Error asks for another try.
func (a *attempt) work(ctx context.Context) (decision, error) {
	if a.operation.State == a.run.definition.Initial {
		if a.operation.CancelAt != nil {
			return decision{event: definition.EventCancel, reason: "cancelled as requested while waiting"}, nil
		}
		return decision{event: definition.EventStart, reason: "its turn has come"}, nil
	}
	stepCtx, done, err := a.watch(ctx)
	if err != nil {
		return decision{}, err
	}
	defer done()
	if a.task, err = task(a.operation, a.run.definition); err != nil {
		return decision{}, err
	}
	a.step = a.registry[a.state.Step]
	var d decision
	switch {
	case a.step.Job != nil:
		d, err = a.runJob(stepCtx)
	case a.operation.CancelAt != nil && a.state.Cancel != "":
		err = job.ErrCancelled
	case a.recovering:
		return a.interrupted(stepCtx, "the daemon ended while this state was under way")
	default:
		d, err = a.runStep(stepCtx)
	}
	if err == nil || errors.Is(err, job.ErrStopping) || errors.Is(err, errUnclear) || a.state.Cancel == "" {
		// A cancel that came while an earlier state could still be left has been
		// honoured by then; a clean-up must not be broken off by it.
		return d, err
	}
	if errors.Is(err, job.ErrCancelled) || errors.Is(context.Cause(stepCtx), job.ErrCancelled) {
		d.event, d.reason = definition.EventCancel, "cancelled as requested"
		return d, nil
	}
	return d, err
}

// watch returns the context of a step, which a cancel of the operation ends.
// A cancel requested before the step could be reached is read anew.
func (a *attempt) watch(ctx context.Context) (context.Context, func(), error) {
	stepCtx, interrupt := context.WithCancelCause(ctx)
	a.mu.Lock()
	a.run.interrupt = interrupt
	a.mu.Unlock()
	done := func() {
		a.mu.Lock()
		a.run.interrupt = nil
		a.mu.Unlock()
		interrupt(nil)
	}
	fresh, err := a.store.Operation(ctx, a.operation.ID)
	if err != nil {
		done()
		return nil, nil, err
	}
	a.operation.CancelAt = fresh.CancelAt
	return stepCtx, done, nil
}

// interrupted applies the crash policy of the state.
func (a *attempt) interrupted(ctx context.Context, how string) (decision, error) {
	o, s := a.operation, a.state
	for _, p := range s.Interrupted {
		if p.Kind != definition.PolicyProbe {
			continue
		}
		outcome, done, err := a.probe(ctx)
		if err != nil {
			return decision{}, err
		}
		if done {
			reason := "interrupted: " + how + "; its work was found done: " + outcome.Reason
			return decision{event: outcome.Event, reason: reason, outcome: &outcome}, nil
		}
	}
	n, err := a.store.Interruptions(ctx, o.ID, o.State)
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
		reason := fmt.Sprintf("interrupted: %s; going back to %s, whose work is not trusted after this", how, last.Rewind)
		return decision{event: definition.EventRewind, reason: reason}, nil
	case definition.PolicyHalt:
		text := fmt.Sprintf("interrupted in state %s: %s; it needs a person", o.State, how)
		return decision{event: definition.EventHalt, reason: text, failure: text}, nil
	}
	return decision{event: definition.EventRedo, reason: fmt.Sprintf("interrupted: %s; %s goes on where it was", how, o.State)}, nil
}

// untilWritten repeats a small write that the database refuses for now.
func (a *attempt) untilWritten(ctx context.Context, write func(context.Context) error) error {
	for tries := 0; ; tries++ {
		attempt, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
		err := write(attempt)
		cancel()
		if err == nil {
			return nil
		}
		a.log.Error().Err(err).Str(keyOperation, a.operation.ID).Str(keyState, a.operation.State).
			Msg("state database cannot be written; trying again")
		if !a.pause(ctx, tries) {
			return context.Cause(ctx)
		}
	}
}

// untilRoom repeats what fails because the state disk is full or read-only: an
// operation waits for that disk as it waits for its database.
func (a *attempt) untilRoom(ctx context.Context, work func() error) error {
	for tries := 0; ; tries++ {
		err := work()
		if !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, syscall.EDQUOT) && !errors.Is(err, syscall.EROFS) {
			return err
		}
		a.log.Error().Err(err).Str(keyOperation, a.operation.ID).Str(keyState, a.operation.State).Msg("state_dir cannot be written; trying again")
		if !a.pause(ctx, tries) {
			return context.Cause(ctx)
		}
	}
}

// writeTimeout bounds one try at a write.
const writeTimeout = 10 * time.Second
