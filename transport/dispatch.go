package transport

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"
)

// dispatch answers a complete request. It always returns an answer: an error
// or a panic on the way becomes one.
func (s *Server) dispatch(calls context.Context, frame json.RawMessage) (answered reply) {
	name, operation := "", ""
	defer func() {
		if cause := recover(); cause != nil {
			answered = refused(calls, fmt.Errorf("panic: %v\n%s", cause, debug.Stack()))
		}
		answered.command = name
		if answered.operation == "" {
			answered.operation = operation
		}
	}()
	request, err := parseObject(frame)
	if err != nil {
		return refused(calls, err)
	}
	name = request.text("cmd")
	args := request.object("args")
	if err := request.end(); err != nil {
		return refused(calls, err)
	}
	run, known := commands[name]
	if name == daemonShowCommand {
		run, known = s.daemonShow, true
	}
	if !known {
		return refused(calls, invalid("Unknown command: %s", name))
	}
	answered, err = run(calls, s.service, args)
	if err != nil {
		// What the command was about is worth a log line even if it failed.
		operation = answered.operation
		return refused(calls, err)
	}
	return answered
}
