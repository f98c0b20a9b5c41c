package machine

import (
	"context"
	"fmt"
	"runtime/debug"

	"dbcalm-db-cmd/steps"
)

// A panic in a step is the failure of its operation, not the daemon's: it
// would come back with every start.

func (m *Manager) runStep(ctx context.Context, step steps.Step, t steps.Task) (d decision, err error) {
	defer m.guard(t, &err)
	ctx, meter := steps.WithMeter(ctx)
	m.measure(t.Operation, meter)
	defer m.measure(t.Operation, nil)
	outcome, err := step.Run(ctx, t)
	if err != nil {
		return decision{}, err
	}
	return decision{event: outcome.Event, reason: outcome.Reason, outcome: &outcome}, nil
}

func (m *Manager) spec(ctx context.Context, step steps.Step, t steps.Task) (spec steps.JobSpec, err error) {
	defer m.guard(t, &err)
	if err := m.host.CheckPrograms(t.Data); err != nil {
		return spec, err
	}
	return step.Job(ctx, t)
}

func (m *Manager) judge(ctx context.Context, step steps.Step, t steps.Task, r steps.JobResult) (outcome steps.Outcome, err error) {
	defer m.guard(t, &err)
	return step.Finish(ctx, t, r)
}

func (m *Manager) probe(ctx context.Context, step steps.Step, t steps.Task) (outcome steps.Outcome, done bool, err error) {
	defer m.guard(t, &err)
	return step.Probe(ctx, t)
}

// guard turns the panic of the function that defers it into an error.
func (m *Manager) guard(t steps.Task, err *error) {
	p := recover()
	if p == nil {
		return
	}
	*err = fmt.Errorf("state %s broke off: %v", t.State, p)
	m.log.Error().Str(keyOperation, t.Operation).Str(keyMachine, t.Machine).Str(keyState, t.State).
		Bytes("stack", debug.Stack()).Msg("a step broke off: this is a bug, please report it")
}
