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
	_, _, _, err := service.Log(ctx, id, machine.LogPosition{})
	answered := about(id, codeOK, nil)
	var at machine.LogPosition
	told := time.Now()
	answered.next = func(ctx context.Context) (any, turn, error) {
		chunk, next, ended, err := service.Log(ctx, id, at)
		if err != nil {
			return nil, lastLine, err
		}
		at = next
		switch {
		case chunk.Text != "" || chunk.Missing:
			told = time.Now()
			return operationLogsLine{codeOK, chunk}, moreAtOnce, nil
		case ended || !follow:
			return nil, lastLine, nil
		case time.Since(told) >= watchKeepAlive:
			told = time.Now()
			return operationLogsLine{Code: codeOK}, waitForMore, nil
		}
		return nil, waitForMore, nil
	}
	return answered, err
}
