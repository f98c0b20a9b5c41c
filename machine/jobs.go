package machine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"dbcalm-db-cmd/machine/definition"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/crashpoint"
)

// stopPatience is how long a supervisor may take beyond its program's grace
// before it is waited for no longer.
const stopPatience = 5 * time.Second

// job runs the program of a state, or carries on with one that was begun.
func (m *Manager) job(ctx context.Context, r *run, o persistence.Operation, step steps.Step, t steps.Task, recovering bool) (decision, error) {
	job, err := m.store.OpenJob(ctx, o.ID)
	switch {
	case err == nil:
		return m.resumeJob(ctx, r, o, step, t, job, recovering)
	case !errors.Is(err, persistence.ErrNotFound):
		return decision{}, err
	case o.CancelAt != nil:
		return decision{}, steps.ErrCancelled
	}
	return m.beginJob(ctx, r, o, step, t)
}

// beginJob records the intent, then acts on it.
func (m *Manager) beginJob(ctx context.Context, r *run, o persistence.Operation, step steps.Step, t steps.Task) (decision, error) {
	spec, err := m.spec(ctx, step, t)
	if err != nil {
		return decision{}, err
	}
	job, err := m.store.BeginJob(context.WithoutCancel(ctx), o,
		persistence.Job{OperationID: o.ID, State: o.State, Attempt: o.Attempt, Folder: m.host.JobFolder(o.ID, o.Seq)},
		persistence.Process{CommandID: o.ID, Command: spec.Line(), StartTime: time.Now().UTC(), Type: r.definition.Process, Args: o.Args})
	if errors.Is(err, persistence.ErrCancelRequested) {
		return decision{}, steps.ErrCancelled
	}
	if err != nil {
		return decision{}, err
	}
	crashpoint.Here("job-recorded")
	failed := decision{jobID: job.ID, folder: job.Folder}
	if err := m.untilRoom(ctx, o, func() error { return m.host.CreateJob(job.Folder, spec) }); err != nil {
		return failed, err
	}
	crashpoint.Here("job-created")
	running, err := m.host.Launch(job.Folder)
	if err != nil {
		return failed, err
	}
	defer running.Close()
	crashpoint.Here("job-launched")
	job.PID, job.StartTicks, job.BootID = running.Identity.PID, running.Identity.StartTicks, running.Identity.BootID
	if err := m.untilWritten(ctx, o, func(ctx context.Context) error { return m.store.IdentifyJob(ctx, job) }); err != nil {
		return decision{}, err
	}
	crashpoint.Here("job-identified")
	pid, err := running.Release(ctx, spec.Shell)
	if err != nil {
		// It was killed while it waited; that is an interruption like any other.
		m.log.Warn().Err(err).Str(keyOperation, o.ID).Msg("supervisor ended before it was let go")
	}
	crashpoint.Here("job-released")
	if pid != 0 {
		if err := m.store.SetProcessPID(context.WithoutCancel(ctx), job.ProcessID, pid); err != nil {
			m.log.Warn().Err(err).Str(keyOperation, o.ID).Msg("the program's pid is not recorded")
		}
	}
	m.log.Info().Str(keyOperation, o.ID).Str(keyState, o.State).Int("pid", pid).Str("command", spec.Line()).Msg("program started")
	return m.awaitJob(ctx, r, o, step, t, job, running)
}

// resumeJob goes on with a job that an earlier daemon, or an earlier try of
// this one, began: its result is there, or it still runs, or it was
// interrupted.
func (m *Manager) resumeJob(ctx context.Context, r *run, o persistence.Operation, step steps.Step, t steps.Task, job persistence.Job, recovering bool) (decision, error) {
	id := steps.Identity{PID: job.PID, StartTicks: job.StartTicks, BootID: job.BootID}
	running, err := steps.Adopt(job.Folder, id)
	if errors.Is(err, steps.ErrGone) {
		result, err := steps.ReadResult(job.Folder)
		if errors.Is(err, steps.ErrNoResult) {
			return m.lostJob(ctx, r, o, step, t, job, recovering)
		}
		if err != nil {
			return decision{jobID: job.ID, folder: job.Folder}, err
		}
		return m.finishJob(ctx, r, o, step, t, job, result)
	}
	if err != nil {
		return decision{}, unclear(err)
	}
	defer running.Close()
	if recovering && o.CancelAt == nil {
		note := decision{event: definition.EventAdopt, adopted: job.ID, reason: fmt.Sprintf("the daemon was started again; the program still runs under supervisor %d and is waited for", job.PID)}
		after, err := m.apply(ctx, r.definition, o, note)
		if err != nil && !errors.Is(err, persistence.ErrCancelRequested) {
			return decision{}, err
		}
		if err == nil {
			m.tell(o, after, note)
			// What follows is decided for the operation as it now is.
			return decision{again: true}, nil
		}
	}
	return m.awaitJob(ctx, r, o, step, t, job, running)
}

// lostJob handles a job whose supervisor is gone without a result.
func (m *Manager) lostJob(ctx context.Context, r *run, o persistence.Operation, step steps.Step, t steps.Task, job persistence.Job, recovering bool) (decision, error) {
	// The daemon's own context: a cancel must not be honoured before the program
	// is gone whose work it removes.
	if err := steps.EndOrphan(m.base, job.Folder); err != nil {
		return decision{}, unclear(err)
	}
	if o.CancelAt != nil {
		return decision{jobID: job.ID, folder: job.Folder}, steps.ErrCancelled
	}
	how := "the program's supervisor was killed and the program with it"
	switch boot, err := steps.CurrentBoot(); {
	case job.PID == 0:
		how = "the daemon ended before the program was started"
	case err == nil && boot != job.BootID:
		how = "the machine was restarted"
	case recovering:
		how = "the program's supervisor ended while the daemon was down"
	}
	return m.interruptedJob(ctx, r, o, step, t, job, how, nil)
}

// awaitJob waits for the end of a job.
func (m *Manager) awaitJob(ctx context.Context, r *run, o persistence.Operation, step steps.Step, t steps.Task, job persistence.Job, running *steps.RunningJob) (decision, error) {
	if o.CancelAt != nil {
		return m.stopJob(job, running)
	}
	result, err := running.Wait(ctx)
	switch {
	case err == nil:
		return m.finishJob(context.WithoutCancel(ctx), r, o, step, t, job, result)
	case errors.Is(err, steps.ErrCancelled):
		return m.stopJob(job, running)
	case errors.Is(err, steps.ErrNoResult):
		return m.lostJob(ctx, r, o, step, t, job, false)
	}
	return decision{}, unclear(err)
}

// errUnclear: whether a program runs cannot be told, for want of descriptors
// say. Until it can, its operation goes neither on nor back.
var errUnclear = errors.New("it is not known whether the program runs")

// unclear marks an error as errUnclear, unless the daemon stops.
func unclear(err error) error {
	if errors.Is(err, steps.ErrStopping) {
		return err
	}
	return fmt.Errorf("%w: %w", errUnclear, err)
}

// stopJob stops a job and waits until it is over: what it works on is about to
// be removed. The step's own context has ended, so only the daemon's counts.
func (m *Manager) stopJob(job persistence.Job, running *steps.RunningJob) (decision, error) {
	d := decision{jobID: job.ID, folder: job.Folder}
	if err := running.Stop(); err != nil {
		return decision{}, unclear(fmt.Errorf("stop program: %w", err))
	}
	wait, cancel := context.WithTimeout(m.base, steps.StopGrace+stopPatience)
	defer cancel()
	result, err := running.Wait(wait)
	switch {
	case err == nil:
		d.result = processResult(m.host.RedactResult(result))
	case errors.Is(err, steps.ErrStopping):
		return decision{}, err
	case errors.Is(err, context.DeadlineExceeded):
		if err := running.Kill(m.base); err != nil {
			return decision{}, unclear(fmt.Errorf("kill program: %w", err))
		}
	case !errors.Is(err, steps.ErrNoResult):
		return decision{}, unclear(err)
	}
	return d, steps.ErrCancelled
}

// finishJob judges a job that has ended.
func (m *Manager) finishJob(ctx context.Context, r *run, o persistence.Operation, step steps.Step, t steps.Task, job persistence.Job, result steps.JobResult) (decision, error) {
	result = m.host.RedactResult(result)
	d := decision{jobID: job.ID, folder: job.Folder, result: processResult(result)}
	if o.CancelAt != nil {
		return d, steps.ErrCancelled
	}
	if result.Fault == "" && (result.Stopped || result.Signal != "") {
		how := "the program was killed by " + result.Signal
		if result.Stopped {
			how = "the program was stopped, not by us"
		}
		return m.interruptedJob(ctx, r, o, step, t, job, how, d.result)
	}
	outcome, err := m.judge(ctx, step, t, result)
	if err != nil {
		return d, err
	}
	d.event, d.reason, d.outcome = outcome.Event, outcome.Reason, &outcome
	return d, nil
}

// interruptedJob applies the crash policy to a job that ended without having
// come to an end of its own.
func (m *Manager) interruptedJob(ctx context.Context, r *run, o persistence.Operation, step steps.Step, t steps.Task, job persistence.Job, how string, result *persistence.ProcessResult) (decision, error) {
	d, err := m.interrupted(ctx, r, o, step, t, how)
	if result == nil {
		result = &persistence.ProcessResult{}
	}
	result.Error = "interrupted: " + how
	// The job is over even if what follows could not be told.
	d.jobID, d.folder, d.result = job.ID, job.Folder, result
	return d, err
}

// outputLimit bounds what is kept of a program's output in the process table,
// in bytes.
const outputLimit = 16 << 10

func processResult(r steps.JobResult) *persistence.ProcessResult {
	p := &persistence.ProcessResult{Output: r.Tail}
	if len(p.Output) > outputLimit {
		p.Output = strings.ToValidUTF8(p.Output[len(p.Output)-outputLimit:], "")
	}
	code := int64(r.ExitCode)
	if r.StartError == "" && r.Signal == "" {
		p.ReturnCode = &code
	}
	return p
}
