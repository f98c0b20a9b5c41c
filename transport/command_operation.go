package transport

import (
	"context"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/transport/wire"
)

func operationList(ctx context.Context, service Service, args *arguments) (reply, error) {
	filter := api.OperationFilter{Limit: args.limit(argLimit), State: args.state(argState), IDPrefix: args.idPrefix(argIDPrefix)}
	if filter.State != "" && filter.IDPrefix != "" {
		args.refuse("arguments %s and %s: want one of them, got both", argState, argIDPrefix)
	}
	if err := args.end(); err != nil {
		return reply{}, err
	}
	operations, err := service.Operations(ctx, filter)
	return bodyReply(wire.OperationListAnswer{Head: wire.HeadOf(wire.CodeOK), Operations: orEmpty(operations)}), err
}

func operationShow(ctx context.Context, service Service, args *arguments) (reply, error) {
	id := args.operationID(argID)
	if err := args.end(); err != nil {
		return reply{}, err
	}
	view, err := service.Operation(ctx, id)
	whole := showAnswer(view)
	whole.Definition = view.Definition
	return operationReply(id, wire.CodeOK, whole), err
}

func operationCancel(ctx context.Context, service Service, args *arguments) (reply, error) {
	id := args.operationID(argID)
	if err := args.end(); err != nil {
		return reply{}, err
	}
	err := service.Cancel(ctx, id)
	return operationReply(id, wire.CodeOK, wire.Envelope{Head: wire.HeadOf(wire.CodeOK), ID: id}), err
}

func operationRetry(ctx context.Context, service Service, args *arguments) (reply, error) {
	id := args.operationID(argID)
	if err := args.end(); err != nil {
		return reply{}, err
	}
	decision, err := service.Retry(ctx, id)
	answer := wire.OperationRetryAnswer{Head: wire.HeadOf(wire.CodeAccepted), ID: id, RetryDecision: decision}
	return operationReply(id, wire.CodeAccepted, answer), err
}
