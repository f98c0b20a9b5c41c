package machine

import (
	"context"
	"encoding/json"
	"errors"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/persistence"
)

// once carries out a command that its client may send again: a request id that
// has begun an operation is answered with that operation, whatever has become
// of it. A refused command leaves nothing behind and can be sent again.
//
// begin checks and accepts the command; it is given nil if there is no id.
func (e *engine) once(ctx context.Context, id, command string, args api.Args,
	begin func(*persistence.Request) (string, error)) (string, error) {
	if id == "" {
		return begin(nil)
	}
	text, err := json.Marshal(args)
	if err != nil {
		return "", api.Failure(err)
	}
	request := persistence.Request{ID: id, Command: command, Args: string(text)}
	if operation, known, err := e.repeated(ctx, request); known || err != nil {
		return operation, err
	}
	operation, refusal := begin(&request)
	if refusal == nil {
		return operation, nil
	}
	// The same command may have come twice at once, and clash with nothing but
	// itself.
	if operation, known, err := e.repeated(ctx, request); known {
		return operation, err
	}
	return "", refusal
}

// repeated looks for the operation that a request has begun, and refuses an id
// that was given to another request.
func (e *engine) repeated(ctx context.Context, request persistence.Request) (operation string, known bool, err error) {
	first, err := e.store.Request(context.WithoutCancel(ctx), request.ID)
	switch {
	case errors.Is(err, persistence.ErrNotFound):
		return "", false, nil
	case err != nil:
		return "", false, api.Failure(err)
	case first.Command != request.Command || first.Args != request.Args:
		return "", true, api.Refuse(api.Conflict,
			"request_id '%s' was used before, for %s %s, which began operation %s: give another request a new request_id",
			request.ID, first.Command, first.Args, first.OperationID)
	}
	e.log.Debug().Str(keyOperation, first.OperationID).Msg("command repeated; answered with the operation it began")
	return first.OperationID, true, nil
}
