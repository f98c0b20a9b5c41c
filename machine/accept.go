package machine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
	now := time.Now().UTC()
	o := persistence.Operation{ID: id, Machine: d.Name, Definition: d.Text(), BackupID: backup, Args: text,
		ReplacesDataDirectory: d.ReplacesDataDirectory,
		State:                 d.Initial, Status: persistence.Waiting, Seq: 1, Attempt: 1, Data: []byte("{}"), CreatedAt: now, AskedBy: askedBy}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), acceptTimeout)
	defer cancel()
	// Between the commit and the queue, nobody else may look for the operation
	// in either and find it in only one.
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.base.Err() != nil {
		return "", api.Refuse(api.Unavailable, "the daemon is stopping: try again when it has started")
	}
	r := &run{id: o.ID, definition: d, ended: make(chan struct{})}
	if err := e.checkQueue(r); err != nil {
		return "", err
	}
	crashpoint.Here("accept-before")
	if request != nil {
		err = e.store.AcceptOnce(ctx, *request, o, claims, e.firstProcess(o, d))
	} else {
		err = e.store.Accept(ctx, o, claims, e.firstProcess(o, d))
	}
	if err != nil {
		return "", refuseAccept(err, backup)
	}
	crashpoint.Here("accept-recorded")
	event := e.log.Info().Str(keyOperation, o.ID).Str(keyMachine, d.Name).Str(keyBackup, backup)
	if asker := api.ReadAsker(askedBy); asker != nil {
		event.Stringer(keyAskedBy, asker)
	}
	event.Msg("operation accepted")
	e.queue = append(e.queue, r)
	e.schedule()
	return o.ID, nil
}

// firstProcess is the row clients poll until the first program runs.
func (e *engine) firstProcess(o persistence.Operation, d *definition.Definition) persistence.Process {
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
