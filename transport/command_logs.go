package transport

import (
	"context"
	"time"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/transport/wire"
)

// operationLogs answers with what an operation's programs have printed, a
// piece a line; with follow, until the operation is over.
func operationLogs(ctx context.Context, service Service, args *arguments) (reply, error) {
	id, follow := args.operationID(argID), args.flag(argFollow)
	if err := args.end(); err != nil {
		return reply{}, err
	}
	// One that is unknown is refused in the common envelope.
	_, err := service.Operation(ctx, id)
	answered := operationReply(id, wire.CodeOK, nil)
	answered.lines = func(ctx context.Context, _ time.Duration, send func(any) error) error {
		return service.Logs(ctx, id, follow, func(chunk api.LogChunk) error {
			return send(wire.OperationLogsLine{Code: wire.CodeOK, LogChunk: chunk})
		})
	}
	return answered, err
}
