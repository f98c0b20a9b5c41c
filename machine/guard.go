package machine

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"

	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/job"
)

// A panic in a step is the failure of its operation, not the daemon's: it
// would come back with every start.

func (a *attempt) runStep(ctx context.Context) (d decision, err error) {
	defer a.guard(&err)
	ctx, meter := disk.WithMeter(ctx)
	a.run.gauge.measure(meter)
	defer a.run.gauge.measure(nil)
	outcome, err := a.step.Run(ctx, a.task)
	if err == nil {
		err = a.checkDeclared(outcome)
	}
	if err != nil {
		return decision{}, err
	}
	return decision{event: outcome.Event, reason: outcome.Reason, outcome: &outcome}, nil
}

// lost asks the step whether what its program is to work on is lost.
func (a *attempt) lost() (d decision, lost bool, err error) {
	defer a.guard(&err)
	if a.step.Lost == nil {
		return d, false, nil
	}
	outcome, lost := a.step.Lost(a.task)
	if lost {
		err = a.checkDeclared(outcome)
	}
	return decision{event: outcome.Event, reason: outcome.Reason, outcome: &outcome}, lost, err
}

func (a *attempt) spec(ctx context.Context) (spec job.Spec, err error) {
	defer a.guard(&err)
	task := a.task
	if task.Data, err = a.host.WithPrograms(task.Data); err != nil {
		return spec, err
	}
	return a.step.Job(ctx, task)
}

func (a *attempt) doBeside(ctx context.Context) (did string, err error) {
	defer a.guard(&err)
	return a.step.Beside(ctx, a.task)
}

func (a *attempt) judge(ctx context.Context, r job.Result) (outcome steps.Outcome, err error) {
	defer a.guard(&err)
	outcome, err = a.step.Finish(ctx, a.task, r)
	if err == nil {
		err = a.checkDeclared(outcome)
	}
	return outcome, err
}

func (a *attempt) probe(ctx context.Context) (outcome steps.Outcome, done bool, err error) {
	defer a.guard(&err)
	outcome, done, err = a.step.Probe(ctx, a.task)
	if err == nil && done {
		err = a.checkDeclared(outcome)
	}
	return outcome, done, err
}

// checkDeclared refuses an outcome that the step does not declare: definitions
// are checked against what steps say of themselves, so it would lead nowhere.
func (a *attempt) checkDeclared(outcome steps.Outcome) error {
	if slices.Contains(a.step.Outcomes, outcome.Event) {
		return nil
	}
	return fmt.Errorf("state %s broke off: its step returned %q, which it does not declare: this is a bug, please report it",
		a.task.State, outcome.Event)
}

// guard turns the panic of the function that defers it into an error.
func (a *attempt) guard(err *error) {
	p := recover()
	if p == nil {
		return
	}
	*err = fmt.Errorf("state %s broke off: %v", a.task.State, p)
	a.log.Error().Str(keyOperation, a.task.Operation).Str(keyMachine, a.task.Machine).Str(keyState, a.task.State).
		Bytes("stack", debug.Stack()).Msg("a step broke off: this is a bug, please report it")
}
