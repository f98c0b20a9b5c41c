package transport

import (
	"context"
	"errors"
	"time"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/transport/wire"
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
		return wire.Encode(r.body)
	}
	answer := wire.Envelope{Head: wire.HeadOf(r.code), Message: r.message}
	if r.code == wire.CodeAccepted {
		answer.ID = r.operation
	}
	return wire.EncodeEnvelope(answer), nil
}

func okReply() reply { return reply{code: wire.CodeOK} }

func acceptedReply(operation string) reply {
	return reply{code: wire.CodeAccepted, operation: operation}
}

// bodyReply is the answer of a command that has a body of its own.
func bodyReply(body any) reply { return reply{code: wire.CodeOK, body: body} }

// operationReply is bodyReply for a command about one operation.
func operationReply(operation string, code int, body any) reply {
	return reply{code: code, operation: operation, body: body}
}

const stoppingMessage = "the daemon is stopping; send the command again when it is back"

// refusalReply turns an error into an answer. calls is the context the call had.
func refusalReply(calls context.Context, err error) reply {
	if calls.Err() != nil && errors.Is(err, context.Canceled) {
		return reply{code: wire.CodeUnavailable, message: stoppingMessage, cause: err}
	}
	answer := reply{code: codeOf(api.KindOf(err)), message: wire.InternalMessage, cause: err}
	if refusal, ok := errors.AsType[*api.Error](err); ok && refusal.Message != "" {
		answer.message, answer.cause = refusal.Message, refusal.Err
	}
	return answer
}

func codeOf(kind api.Kind) int {
	switch kind {
	case api.Invalid:
		return wire.CodeInvalid
	case api.NotFound:
		return wire.CodeNotFound
	case api.Conflict:
		return wire.CodeConflict
	case api.Unavailable:
		return wire.CodeUnavailable
	case api.Forbidden:
		return wire.CodeForbidden
	default:
		return wire.CodeInternal
	}
}
