package transport

import (
	"slices"
	"time"

	"github.com/rs/zerolog"
)

// The keys of this package's log lines.
const (
	keyCode        = "code"
	keyCommand     = "command"
	keyDuration    = "duration_ms"
	keyOperation   = "operation"
	keyPath        = "path"
	keyPeerPID     = "peer_pid"
	keyPeerUID     = "peer_uid"
	keyReason      = "reason"
	keyAnswerError = "answer_error"
)

// logAnswer writes the one line of a command. It holds no argument but an
// operation's id, and the reason of a refusal.
func logAnswer(logger zerolog.Logger, answered reply, took time.Duration, sendErr error) {
	event := logger.WithLevel(levelOf(answered.command, answered.code)).
		Str(keyCommand, shorten(answered.command, echoLimit)).
		Int(keyCode, answered.code).
		Dur(keyDuration, took)
	if answered.operation != "" {
		event.Str(keyOperation, shorten(answered.operation, echoLimit))
	}
	if answered.message != "" {
		event.Str(keyReason, answered.message)
	}
	if answered.cause != nil {
		event.Err(answered.cause)
	}
	if sendErr != nil {
		// The command stands; its client just does not know.
		event.AnErr(keyAnswerError, sendErr)
	}
	event.Msg("command answered")
}

// looking are the commands that change nothing; a program that waits sends
// them several times a second.
var looking = []string{backupListCommand, operationListCommand, operationShowCommand, operationWatchCommand,
	operationLogsCommand}

// levelOf returns the level of a line: what an administrator has to look at
// is at least a warning.
func levelOf(command string, code int) zerolog.Level {
	switch {
	case code < 300 && slices.Contains(looking, command):
		return zerolog.DebugLevel
	case code < 300:
		return zerolog.InfoLevel
	case code == codeInternal:
		return zerolog.ErrorLevel
	default:
		return zerolog.WarnLevel
	}
}
