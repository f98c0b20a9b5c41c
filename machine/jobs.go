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
	"dbcalm-db-cmd/steps/job"
)

// stopPatience is how long a supervisor may take beyond its program's grace
// before it is waited for no longer.
const stopPatience = 5 * time.Second

// runJob runs the program of the state, or carries on with one that was begun.
func (a *attempt) runJob(ctx context.Context) (decision, error) {
	var err error
	a.job, err = a.store.OpenJob(ctx, a.operation.ID)
	switch {
	case err == nil:
		return a.resumeJob(ctx)
	case !errors.Is(err, persistence.ErrNotFound):
		return decision{}, err
	case a.operation.CancelAt != nil:
		return decision{}, job.ErrCancelled
	}
	return a.beginJob(ctx)
}

// jobOver begins the decision that ends the job: the state may be left then.
func (a *attempt) jobOver() decision { return decision{jobID: a.job.ID, folder: a.job.Folder} }

// beginJob records the intent, then acts on it.
func (a *attempt) beginJob(ctx context.Context) (decision, error) {
	if instead, lost, err := a.lost(); lost || err != nil {
		return instead, err
	}
	spec, err := a.spec(ctx)
	if err != nil {
		return decision{}, err
	}
	o := a.operation
	a.job, err = a.store.BeginJob(context.WithoutCancel(ctx), o,
		persistence.Job{OperationID: o.ID, State: o.State, Attempt: o.Attempt, Folder: a.host.Jobs.Folder(o.ID, o.Seq)},
		persistence.Process{CommandID: o.ID, Command: spec.Line(), StartTime: time.Now().UTC(), Type: a.run.definition.Process, Args: o.Args})
	if errors.Is(err, persistence.ErrCancelRequested) {
		return decision{}, job.ErrCancelled
	}
	if err != nil {
		return decision{}, err
	}
	crashpoint.Here("job-recorded")
	if err := a.untilRoom(ctx, func() error { return a.host.Jobs.Create(a.job.Folder, spec) }); err != nil {
		return a.jobOver(), err
	}
	crashpoint.Here("job-created")
	running, err := a.host.Jobs.Launch(a.job.Folder, spec.Watch)
	if err != nil {
		return a.jobOver(), err
	}
	defer running.Close()
	crashpoint.Here("job-launched")
	a.job.PID, a.job.StartTicks, a.job.BootID = running.Identity.PID, running.Identity.StartTicks, running.Identity.BootID
	if err := a.untilWritten(ctx, func(ctx context.Context) error { return a.store.IdentifyJob(ctx, a.job) }); err != nil {
		return decision{}, err
	}
	crashpoint.Here("job-identified")
	pid, err := running.Release(ctx, spec.Shell)
	if err != nil {
		// It was killed while it waited; that is an interruption like any other.
		a.log.Warn().Err(err).Str(keyOperation, o.ID).Msg("supervisor ended before it was let go")
	}
	crashpoint.Here("job-released")
	if pid != 0 {
		if err := a.store.SetProcessPID(context.WithoutCancel(ctx), a.job.ProcessID, pid); err != nil {
			a.log.Warn().Err(err).Str(keyOperation, o.ID).Msg("the program's pid is not recorded")
		}
	}
	a.log.Info().Str(keyOperation, o.ID).Str(keyState, o.State).Int("pid", pid).Str("command", spec.Line()).Msg("program started")
	return a.awaitJob(ctx, running)
}

// resumeJob goes on with a job that an earlier daemon, or an earlier try of
// this one, began: its result is there, or it still runs, or it was
// interrupted.
func (a *attempt) resumeJob(ctx context.Context) (decision, error) {
	running, err := a.adopt(a.job.Folder, job.Identity{PID: a.job.PID, StartTicks: a.job.StartTicks, BootID: a.job.BootID})
	if errors.Is(err, job.ErrGone) {
		result, err := job.ReadResult(a.job.Folder)
		if errors.Is(err, job.ErrNoResult) {
			return a.loseJob(ctx, a.recovering)
		}
		if err != nil {
			return a.jobOver(), err
		}
		side := a.workBeside(ctx)
		defer side.end()
		return a.finishJob(ctx, result, side)
	}
	if err != nil {
		return decision{}, unclear(err)
	}
	defer running.Close()
	if a.recovering && a.operation.CancelAt == nil {
		if err := a.noteAdoption(ctx); err != nil {
			return decision{}, err
		}
	}
	return a.awaitJob(ctx, running)
}

// noteAdoption records that this daemon goes on with the program of an earlier
// one. The attempt is that of the operation as it then is.
func (a *attempt) noteAdoption(ctx context.Context) error {
	note := decision{event: definition.EventAdopt, adopted: a.job.ID,
		reason: fmt.Sprintf("the daemon was started again; the program still runs under supervisor %d and is waited for", a.job.PID)}
	after, err := a.apply(ctx, note)
	switch {
	case errors.Is(err, persistence.ErrCancelRequested), errors.Is(err, errNoWay):
		// What comes next sees to the cancel. A definition of old that does not know
		// of adopting loses the note, not the program.
		return nil
	case err != nil:
		return err
	}
	a.tell(after, note)
	a.operation, a.recovering = after, false
	return nil
}

// loseJob handles a job whose supervisor is gone without a result; whileDown
// says that it went while no daemon ran.
func (a *attempt) loseJob(ctx context.Context, whileDown bool) (decision, error) {
	// The daemon's own context: a cancel must not be honoured before the program
	// is gone whose work it removes.
	if err := job.EndOrphan(a.base, a.job.Folder); err != nil {
		return decision{}, unclear(err)
	}
	if a.operation.CancelAt != nil {
		return a.jobOver(), job.ErrCancelled
	}
	how := "the program's supervisor was killed and the program with it"
	switch boot, err := job.CurrentBoot(); {
	case a.job.PID == 0:
		how = "the daemon ended before the program was started"
	case err == nil && boot != a.job.BootID:
		how = "the machine was restarted"
	case whileDown:
		how = "the program's supervisor ended while the daemon was down"
	}
	return a.interruptJob(ctx, how, &persistence.ProcessResult{})
}

// awaitJob waits for the end of the job.
func (a *attempt) awaitJob(ctx context.Context, running *job.Running) (decision, error) {
	if a.operation.CancelAt != nil {
		return a.stopJob(running)
	}
	side := a.workBeside(ctx)
	defer side.end()
	result, err := running.Wait(side.ctx)
	switch {
	case err == nil:
		return a.finishJob(ctx, result, side)
	case errors.Is(err, errBesideFailed):
		d, err := a.stopJob(running)
		if errors.Is(err, job.ErrCancelled) {
			_, err = side.await()
		}
		return d, err
	case errors.Is(err, job.ErrCancelled):
		return a.stopJob(running)
	case errors.Is(err, job.ErrNoResult):
		return a.loseJob(ctx, false)
	}
	return decision{}, unclear(err)
}

// errUnclear: whether a program runs cannot be told, for want of descriptors
// say. Until it can, its operation goes neither on nor back.
var errUnclear = errors.New("it is not known whether the program runs")

// unclear marks an error as errUnclear, unless the daemon stops.
func unclear(err error) error {
	if errors.Is(err, job.ErrStopping) {
		return err
	}
	return fmt.Errorf("%w: %w", errUnclear, err)
}

// stopJob stops the job and waits until it is over: what it works on is about to
// be removed. The step's own context has ended, so only the daemon's counts.
func (a *attempt) stopJob(running *job.Running) (decision, error) {
	d := a.jobOver()
	if err := running.Stop(); err != nil {
		return decision{}, unclear(fmt.Errorf("stop program: %w", err))
	}
	wait, cancel := context.WithTimeout(a.base, job.StopGrace+stopPatience)
	defer cancel()
	result, err := running.Wait(wait)
	switch {
	case err == nil:
		d.result = processResult(a.host.Jobs.RedactResult(result))
	case errors.Is(err, job.ErrStopping):
		return decision{}, err
	case errors.Is(err, context.DeadlineExceeded):
		if err := running.Kill(a.base); err != nil {
			return decision{}, unclear(fmt.Errorf("kill program: %w", err))
		}
	case !errors.Is(err, job.ErrNoResult):
		return decision{}, unclear(err)
	}
	return d, job.ErrCancelled
}

// finishJob judges a job that has ended, and waits for what is done beside it.
func (a *attempt) finishJob(ctx context.Context, result job.Result, side *beside) (decision, error) {
	result = a.host.Jobs.RedactResult(result)
	d := a.jobOver()
	d.result = processResult(result)
	if a.operation.CancelAt != nil {
		return d, job.ErrCancelled
	}
	if result.Fault == "" && (result.Stopped || result.Signal != "") {
		how := "the program was killed by " + result.Signal
		if result.Stopped {
			how = "the program was stopped, not by us"
		}
		return a.interruptJob(ctx, how, d.result)
	}
	outcome, err := a.judge(context.WithoutCancel(ctx), result)
	if err != nil {
		return d, err
	}
	if outcome.Event != steps.EventRewind {
		did, err := side.await()
		if err != nil {
			return d, err
		}
		if did != "" {
			outcome.Reason += "; " + did
		}
	}
	d.event, d.reason, d.outcome = outcome.Event, outcome.Reason, &outcome
	return d, nil
}

// beside is the daemon's own work while the program of a state runs.
type beside struct {
	// ctx ends with the work's context, or when the work has failed.
	ctx   context.Context
	stop  context.CancelCauseFunc
	ended chan struct{}
	did   string
	err   error
}

// errBesideFailed: what the program does is of no use any more.
var errBesideFailed = errors.New("what is done beside the program has failed")

// workBeside begins what the state's step does beside its program. Whoever calls it
// ends it before the state is left.
func (a *attempt) workBeside(ctx context.Context) *beside {
	b := &beside{ended: make(chan struct{})}
	b.ctx, b.stop = context.WithCancelCause(ctx)
	if a.step.Beside == nil {
		close(b.ended)
		return b
	}
	go func() {
		defer close(b.ended)
		if b.did, b.err = a.doBeside(b.ctx); b.err != nil {
			b.stop(errBesideFailed)
		}
	}()
	return b
}

// await waits until the work is done, or its context has ended.
func (b *beside) await() (did string, err error) {
	<-b.ended
	return b.did, b.err
}

// end breaks the work off, if it is not done.
func (b *beside) end() {
	b.stop(nil)
	<-b.ended
}

// interruptJob applies the crash policy to a job that is over without having
// come to an end of its own.
func (a *attempt) interruptJob(ctx context.Context, how string, result *persistence.ProcessResult) (decision, error) {
	d, err := a.interrupted(ctx, how)
	result.Error = "interrupted: " + how
	// The job is over even if what follows could not be told.
	d.jobID, d.folder, d.result = a.job.ID, a.job.Folder, result
	return d, err
}

// outputLimit bounds what is kept of a program's output in the process table,
// in bytes.
const outputLimit = 16 << 10

func processResult(r job.Result) *persistence.ProcessResult {
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
