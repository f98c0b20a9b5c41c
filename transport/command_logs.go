package transport

import (
	"context"
	"time"

	"dbcalm-db-cmd/machine"
)

// operationLogsLine is a line of the answer to operation_logs.
type operationLogsLine struct {
	Code int `json:"code"`
	machine.LogChunk
}

// operationLogs answers with what an operation's programs have printed, a
// piece a line; with follow, until the operation is over.
func operationLogs(ctx context.Context, service Service, args *arguments) (reply, error) {
	id, follow := args.operationID(argID), args.flag(argFollow)
	if err := args.end(); err != nil {
		return reply{}, err
	}
	// One that is unknown is refused in the common envelope.
	_, err := service.Operation(ctx, id)
	answered := about(id, codeOK, nil)
	answered.lines = func(ctx context.Context, _ time.Duration, send func(any) error) error {
		return service.Logs(ctx, id, follow, func(chunk machine.LogChunk) error { return send(operationLogsLine{codeOK, chunk}) })
	}
	return answered, err
}
