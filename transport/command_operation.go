package transport

import (
	"context"

	"dbcalm-db-cmd/machine"
)

// operationListAnswer is the answer to operation_list.
type operationListAnswer struct {
	Code       int                        `json:"code"`
	Status     string                     `json:"status"`
	Operations []machine.OperationSummary `json:"operations"`
}

// operationShowAnswer is the answer to operation_show. Its status is the
// operation's: the view's fields stand beside the code.
type operationShowAnswer struct {
	Code int `json:"code"`
	machine.OperationView
}

// operationRetryAnswer is the answer to operation_retry.
type operationRetryAnswer struct {
	Code   int    `json:"code"`
	Status string `json:"status"`
	ID     string `json:"id"`
	machine.RetryDecision
}

func operationList(ctx context.Context, service Service, args *arguments) (reply, error) {
	filter := machine.OperationFilter{Limit: args.limit(argLimit), State: args.state(argState)}
	if err := args.end(); err != nil {
		return reply{}, err
	}
	operations, err := service.Operations(ctx, filter)
	return found(operationListAnswer{codeOK, phrases[codeOK], listed(operations)}), err
}

func operationShow(ctx context.Context, service Service, args *arguments) (reply, error) {
	id := args.operationID(argID)
	if err := args.end(); err != nil {
		return reply{}, err
	}
	view, err := service.Operation(ctx, id)
	whole := shown(view)
	whole.Definition = view.Definition
	return about(id, codeOK, whole), err
}

func operationCancel(ctx context.Context, service Service, args *arguments) (reply, error) {
	id := args.operationID(argID)
	if err := args.end(); err != nil {
		return reply{}, err
	}
	err := service.Cancel(ctx, id)
	return about(id, codeOK, envelope{Code: codeOK, Status: phrases[codeOK], ID: id}), err
}

func operationRetry(ctx context.Context, service Service, args *arguments) (reply, error) {
	id := args.operationID(argID)
	if err := args.end(); err != nil {
		return reply{}, err
	}
	decision, err := service.Retry(ctx, id)
	return about(id, codeAccepted, operationRetryAnswer{codeAccepted, phrases[codeAccepted], id, decision}), err
}
