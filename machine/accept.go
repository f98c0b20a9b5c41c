package machine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/machine/definition"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/crashpoint"
)

// acceptTimeout bounds the writing of a new operation: a client waits for it.
const acceptTimeout = 3 * time.Second

// accept records an operation, and with it the request that began it, if that
// has an id; once it returns, neither is ever forgotten.
func (e *engine) accept(ctx context.Context, what order, backup string, args api.Args, claims []persistence.Claim,
	request *persistence.Request) (string, error) {
	return e.acceptAs(ctx, uuid.NewString(), what, backup, args, claims, request)
}

// acceptAs is accept for an operation whose arguments speak of its id.
func (e *engine) acceptAs(ctx context.Context, id string, what order, backup string, args api.Args, claims []persistence.Claim,
	request *persistence.Request) (string, error) {
	d := e.machines[what]
	text, err := json.Marshal(args)
	if err != nil {
		return "", api.Failure(err)
	}
	askedBy, err := api.AskerText(ctx)
	if err != nil {
		return "", api.Failure(err)
	}
	o := persistence.Operation{ID: id, Machine: d.Name, Definition: d.Text(), BackupID: backup, Args: text,
		ReplacesDataDirectory: d.ReplacesDataDirectory, State: d.Initial, Status: persistence.Waiting, Seq: 1, Attempt: 1,
		Data: []byte("{}"), CreatedAt: time.Now().UTC(), AskedBy: askedBy}
	a := &applicant{run: &run{id: o.ID, definition: d, ended: make(chan struct{})}, done: make(chan struct{}),
		Acceptance: persistence.Acceptance{Operation: o, Claims: claims, First: firstProcess(o, d), Request: request}}
	e.applicants.add(a)
	select {
	case e.applicants.turn <- struct{}{}:
		e.acceptAll(e.applicants.take())
		<-e.applicants.turn
	case <-a.done:
	}
	<-a.done
	return o.ID, a.err
}

// applicant is an operation that is to be accepted; err, once done is closed, why
// it was not.
type applicant struct {
	persistence.Acceptance
	run  *run
	err  error
	done chan struct{}
}

// applicants are those that came while others were being accepted: whoever has the
// turn takes all, so that they share the time that the disk takes.
type applicants struct {
	mu      sync.Mutex
	waiting []*applicant
	turn    chan struct{}
}

func (l *applicants) add(a *applicant) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = append(l.waiting, a)
}

func (l *applicants) take() []*applicant {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := l.waiting
	l.waiting = nil
	return all
}

// acceptAll accepts or refuses all of a group, as if they had come one after the
// other.
func (e *engine) acceptAll(group []*applicant) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(e.base), acceptTimeout)
	defer cancel()
	// Between the commit and the queue, nobody else may look for an operation in
	// either and find it in only one.
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, a := range group {
		defer close(a.done)
	}
	for len(group) > 0 {
		if e.base.Err() != nil {
			group[0].err = api.Refuse(api.Unavailable, "the daemon is stopping: try again when it has started")
			group = group[1:]
			continue
		}
		if group[0].err = e.checkQueue(group[0].run); group[0].err != nil {
			group = group[1:]
			continue
		}
		// The others would have to wait, as far as is known.
		n := min(len(group), max(1, e.maxWaiting-len(e.queue)))
		e.acceptThese(ctx, group[:n])
		group = group[n:]
	}
}

// acceptThese accepts those for whom there is room. The caller holds mu.
func (e *engine) acceptThese(ctx context.Context, group []*applicant) {
	var all []persistence.Acceptance
	for _, a := range group {
		all = append(all, a.Acceptance)
	}
	crashpoint.Here("accept-before")
	for i, err := range e.store.Accept(ctx, all...) {
		a := group[i]
		if err != nil {
			a.err = refuseAccept(err, a.Operation.BackupID)
			continue
		}
		crashpoint.Here("accept-recorded")
		event := e.log.Info().Str(keyOperation, a.run.id).Str(keyMachine, a.Operation.Machine).Str(keyBackup, a.Operation.BackupID)
		if asker := api.ReadAsker(a.Operation.AskedBy); asker != nil {
			event.Stringer(keyAskedBy, asker)
		}
		event.Msg("operation accepted")
		e.enqueue(a.run)
	}
}

// firstProcess is the row clients poll until the first program runs.
func firstProcess(o persistence.Operation, d *definition.Definition) persistence.Process {
	return persistence.Process{CommandID: o.ID, Command: fmt.Sprintf("dbcalm-db-cmd %s %s", o.Machine, o.BackupID),
		StartTime: time.Now().UTC(), Type: d.Process, Args: o.Args}
}

func refuseAccept(err error, backup string) error {
	var claimed *persistence.ClaimedError
	var broken *persistence.Error
	switch {
	case errors.Is(err, persistence.ErrExists):
		return &api.Error{Kind: api.Conflict, Message: fmt.Sprintf("Backup with id '%s' already exists", backup), Err: err}
	case errors.As(err, &claimed):
		return &api.Error{Kind: api.Conflict, Message: fmt.Sprintf("backup '%s' is in use: operation %s %s it; wait for its end or cancel it",
			claimed.Holder.BackupID, claimed.Holder.OperationID, claimed.Holder.Use), Err: err}
	case errors.As(err, &broken):
		return &api.Error{Kind: api.Unavailable, Message: "the command was not accepted: " + broken.Error(), Err: err}
	}
	return api.Failure(err)
}

const defaultMaxWaiting = 100

// checkQueue refuses an operation that would have to wait behind too many
// others: nobody wants the hundredth backup of the same server, and each costs
// rows, a place in every listing, and time at every start. The caller holds mu.
func (e *engine) checkQueue(r *run) error {
	if len(e.queue) < e.maxWaiting || e.admits(r) {
		return nil
	}
	return api.Refuse(api.Unavailable, "%d operations are waiting already, as many as max_waiting allows: "+
		"wait until they have run, cancel some, or raise max_waiting", len(e.queue))
}
