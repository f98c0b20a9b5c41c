package transport

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"slices"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/transport/access"
	"dbcalm-db-cmd/transport/wire"
)

const turnMessage = "too many questions of this user are being answered at once: try again later, and ask less often"

// dispatch answers a complete request. It always returns an answer: an error
// or a panic on the way becomes one. turn waits until the user may look at
// something, and reports whether it may.
func (s *Server) dispatch(calls context.Context, who access.Peer, frame json.RawMessage, turn func() bool) (answered reply) {
	name, operation := "", ""
	defer func() {
		if cause := recover(); cause != nil {
			answered = refusalReply(calls, fmt.Errorf("panic: %v\n%s", cause, debug.Stack()))
		}
		answered.command = name
		if answered.operation == "" {
			answered.operation = operation
		}
	}()
	request, err := parseObject(frame)
	if err != nil {
		return refusalReply(calls, err)
	}
	name = request.text("cmd")
	args := request.object("args")
	if err := request.end(); err != nil {
		return refusalReply(calls, err)
	}
	run, known := commands[name]
	if name == wire.DaemonShowCommand {
		run, known = s.daemonShow, true
	}
	if !known {
		return refusalReply(calls, invalid("Unknown command: %s", name))
	}
	if slices.Contains(looking, name) {
		if !turn() {
			return refusalReply(calls, unavailable(turnMessage))
		}
		defer s.turns.Give(who.UID)
	}
	answered, err = run(api.AskedBy(calls, who.Asker()), s.serviceFor(who), args)
	if err != nil {
		// What the command was about is worth a log line even if it failed.
		operation = answered.operation
		return refusalReply(calls, err)
	}
	if answered.lines == nil {
		if answered.line, err = answered.bytes(); err != nil {
			operation = answered.operation
			return refusalReply(calls, err)
		}
	}
	return answered
}
