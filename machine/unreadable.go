package machine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dbcalm-db-cmd/machine/definition"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/job"
)

// readable reports why an operation's row cannot be gone on with, before
// anything is done for it.
func readable(o persistence.Operation, d *definition.Definition) error {
	if d.States[o.State] == nil {
		return fmt.Errorf("its machine has no state %q", o.State)
	}
	_, err := task(o, d)
	return err
}

// giveUp ends an operation whose row cannot be understood: one such row must not
// keep the daemon from all others. Its program is stopped first, for nobody
// could judge what it does. What it has made stays, and doctor tells of it.
func (e *engine) giveUp(ctx context.Context, o persistence.Operation, why error) {
	log := e.log.With().Str(keyOperation, o.ID).Str(keyMachine, o.Machine).Str(keyState, o.State).Logger()
	text := fmt.Sprintf("its record cannot be read: %v: it is given up; give the command again, and see doctor for what it left", why)
	c := persistence.Change{OperationID: o.ID, Seq: o.Seq, From: o.State, Event: definition.EventHalt, To: o.State, At: time.Now().UTC(),
		Reason: text, Status: persistence.Failed, Attempt: o.Attempt, Data: o.Data, FailedIn: o.State, Error: text,
		OweOnFinish: e.host.Jobs.OnFinish != ""}
	open, err := e.store.OpenJob(ctx, o.ID)
	switch {
	case err == nil:
		c.JobID = open.ID
		err = endProgram(ctx, open)
	case errors.Is(err, persistence.ErrNotFound):
		err = nil
	}
	if err == nil {
		_, err = e.store.Apply(ctx, c)
	}
	if err != nil {
		log.Error().Err(err).AnErr("unreadable", why).Msg("operation cannot be read, nor ended: the next start tries again")
		return
	}
	log.Error().Err(why).Msg("operation cannot be read and is given up")
	e.wakeOnFinish()
}

// endProgram kills the program of a job and waits until it is gone.
func endProgram(ctx context.Context, j persistence.Job) error {
	running, err := job.Adopt(j.Folder, job.Identity{PID: j.PID, StartTicks: j.StartTicks, BootID: j.BootID})
	if errors.Is(err, job.ErrGone) {
		return job.EndOrphan(ctx, j.Folder)
	}
	if err != nil {
		return err
	}
	defer running.Close()
	return running.Kill(ctx)
}
