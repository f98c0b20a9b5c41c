package machine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/machine/definition"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/job"
)

// Cancel ends an operation that is waiting or in a state that allows it.
// Asked twice it is content; asked too late it says so.
func (e *engine) Cancel(ctx context.Context, id string) error {
	o, err := e.find(ctx, id)
	if err != nil {
		return err
	}
	d, err := e.stored.Parse(o.Definition)
	if err != nil {
		return api.Failure(err)
	}
	// The row first: a daemon that starts again will honour it.
	o, err = e.store.RequestCancel(ctx, id, time.Now().UTC(), d.Cancellable())
	if errors.Is(err, persistence.ErrStale) {
		if o.Status == persistence.Cancelled {
			return nil
		}
		if o.Status.Open() {
			return api.Refuse(api.Conflict, "operation %s can no longer be cancelled: it is in state %s; wait for its end", id, o.State)
		}
		return api.Refuse(api.Conflict, "operation %s can no longer be cancelled: it has ended in state %s", id, o.State)
	}
	if err != nil {
		return api.Failure(err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if r := e.running[id]; r != nil {
		if r.interrupt != nil {
			r.interrupt(job.ErrCancelled)
		}
		return nil
	}
	for i, r := range e.queue {
		if r.id == id {
			e.queue = append(e.queue[:i:i], e.queue[i+1:]...)
			e.launch(r, false)
			break
		}
	}
	return nil
}

// Retry makes an operation that failed or halted go on, as its next attempt.
func (e *engine) Retry(ctx context.Context, id string) (api.RetryDecision, error) {
	// Read under the lock: of two retries at once, the second finds the first.
	e.mu.Lock()
	defer e.mu.Unlock()
	o, err := e.find(ctx, id)
	if err != nil {
		return api.RetryDecision{}, err
	}
	d, err := e.stored.Parse(o.Definition)
	if err != nil {
		return api.RetryDecision{}, api.Failure(err)
	}
	to := d.States[o.State].On[definition.EventRetry]
	if o.Status.Open() || to == "" {
		return api.RetryDecision{}, api.Refuse(api.Conflict, "operation %s cannot be retried: it is %s in state %s", id, o.Status, o.State)
	}
	if e.running[id] != nil {
		return api.RetryDecision{}, api.Refuse(api.Conflict, "operation %s cannot be retried yet: its end is just being recorded", id)
	}
	reason := fmt.Sprintf("retry: goes on in state %s, where it halted", to)
	change := persistence.Change{OperationID: o.ID, Seq: o.Seq, From: o.State, Event: definition.EventRetry, To: to, At: time.Now().UTC(),
		Status: persistence.Running, Attempt: o.Attempt + 1, Data: o.Data, Error: o.Error}
	if to == d.Initial {
		reason = "retry: begins again from the start, since nothing of the failed attempt is left"
		change.Status, change.Data, change.Error = persistence.Waiting, []byte("{}"), ""
	}
	change.Reason = reason
	process := firstProcess(o, d)
	change.Reopen = &process
	r, err := e.newRun(o)
	if err != nil {
		return api.RetryDecision{}, api.Failure(err)
	}
	if change.Status == persistence.Waiting {
		if err := e.checkQueue(r); err != nil {
			return api.RetryDecision{}, err
		}
	}
	after, err := e.store.Apply(ctx, change)
	if err != nil {
		return api.RetryDecision{}, refuseAccept(err, o.BackupID)
	}
	if after.Status == persistence.Waiting {
		e.enqueue(r)
	} else {
		e.launch(r, false)
	}
	return api.RetryDecision{State: to, Attempt: after.Attempt, Reason: reason}, nil
}

func (e *engine) find(ctx context.Context, id string) (persistence.Operation, error) {
	o, err := e.store.Operation(ctx, id)
	if errors.Is(err, persistence.ErrNotFound) {
		return o, api.Refuse(api.NotFound, "Operation with id '%s' not found", id)
	}
	if err != nil {
		return o, api.Failure(err)
	}
	return o, nil
}
