package transport

import (
	"context"
	"errors"
	"time"

	"dbcalm-db-cmd/machine"
)

// reply is an answer before it is bytes, with what the log wants to know.
type reply struct {
	code    int
	command string
	// operation is the operation the command began or named.
	operation string
	// message is a refusal's, cause what is behind it and stays in the log.
	message string
	cause   error
	// line is the answer encoded, if it has been.
	line []byte
	// body is the answer where the common envelope is not enough.
	body any
	// lines sends an answer of many lines, until it is complete or the context
	// ends, and looks for new ones so often; nil for all other answers. Body is
	// then not sent.
	lines func(ctx context.Context, every time.Duration, send func(line any) error) error
}

// bytes returns the answer as it is sent.
func (r reply) bytes() ([]byte, error) {
	if r.line != nil {
		return r.line, nil
	}
	if r.body != nil {
		return encode(r.body)
	}
	answer := envelope{Code: r.code, Status: phrases[r.code], Message: r.message}
	if r.code == codeAccepted {
		answer.ID = r.operation
	}
	return encodeEnvelope(answer), nil
}

func done() reply { return reply{code: codeOK} }

func accepted(operation string) reply {
	return reply{code: codeAccepted, operation: operation}
}

// found is the answer of a command that has a body of its own.
func found(body any) reply { return reply{code: codeOK, body: body} }

// about is found for a command about one operation.
func about(operation string, code int, body any) reply {
	return reply{code: code, operation: operation, body: body}
}

// The messages of refusals nobody asked for.
const (
	internalMessage = "internal error; the daemon's log says more"
	stoppingMessage = "the daemon is stopping; send the command again when it is back"
)

// refused turns an error into an answer. calls is the context the call had.
func refused(calls context.Context, err error) reply {
	if calls.Err() != nil && errors.Is(err, context.Canceled) {
		return reply{code: codeUnavailable, message: stoppingMessage, cause: err}
	}
	answer := reply{code: codeOf(machine.KindOf(err)), message: internalMessage, cause: err}
	if refusal, ok := errors.AsType[*machine.Error](err); ok && refusal.Message != "" {
		answer.message, answer.cause = refusal.Message, refusal.Err
	}
	return answer
}

func codeOf(kind machine.Kind) int {
	switch kind {
	case machine.Invalid:
		return codeInvalid
	case machine.NotFound:
		return codeNotFound
	case machine.Conflict:
		return codeConflict
	case machine.Unavailable:
		return codeUnavailable
	case machine.Forbidden:
		return codeForbidden
	default:
		return codeInternal
	}
}
