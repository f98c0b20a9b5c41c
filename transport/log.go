package transport

import (
	"slices"
	"strconv"
	"time"

	"github.com/rs/zerolog"

	"dbcalm-db-cmd/steps/printable"
	"dbcalm-db-cmd/transport/access"
	"dbcalm-db-cmd/transport/wire"
)

// The keys of this package's log lines.
const (
	keyCode        = "code"
	keyCommand     = "command"
	keyDuration    = "duration_ms"
	keyOperation   = "operation"
	keyAnswerError = "answer_error"
)

// The bounds of what a log line says of why something failed, in bytes.
const (
	reasonLimit = 2 << 10
	causeLimit  = 4 << 10
)

// logAnswer writes the one line of a command, unless its user has had a lot of
// these already. It holds no argument but an operation's id, and the reason of
// a refusal.
func (s *Server) logAnswer(who access.Peer, answered reply, took time.Duration, sendErr error) {
	level := levelOf(answered.command, answered.code)
	if level >= zerolog.InfoLevel && !s.quota.Take(strconv.Itoa(answered.code)+" "+wire.HeadOf(answered.code).Status, who.UID) {
		return
	}
	event := s.options.Logger.WithLevel(level).EmbedObject(who).
		Str(keyCommand, printable.Shorten(printable.Line(answered.command), echoLimit)).
		Int(keyCode, answered.code).
		Dur(keyDuration, took)
	if answered.operation != "" {
		event.Str(keyOperation, printable.Shorten(printable.Line(answered.operation), echoLimit))
	}
	if answered.message != "" {
		event.Str(access.KeyReason, printable.Shorten(printable.Text(answered.message), reasonLimit))
	}
	if answered.cause != nil {
		event.Str(zerolog.ErrorFieldName, printable.Shorten(printable.Text(answered.cause.Error()), causeLimit))
	}
	if sendErr != nil {
		// The command stands; its client just does not know.
		event.AnErr(keyAnswerError, sendErr)
	}
	event.Msg("command answered")
}

// looking are the commands that change nothing; a program that waits sends
// them several times a second.
var looking = []string{wire.BackupListCommand, wire.OperationListCommand, wire.OperationShowCommand, wire.OperationWatchCommand,
	wire.OperationLogsCommand, wire.DaemonShowCommand}

// levelOf returns the level of a line: what an administrator has to look at
// is at least a warning.
func levelOf(command string, code int) zerolog.Level {
	switch {
	case code < 300 && slices.Contains(looking, command):
		return zerolog.DebugLevel
	case code < 300:
		return zerolog.InfoLevel
	case code == wire.CodeInternal:
		return zerolog.ErrorLevel
	default:
		return zerolog.WarnLevel
	}
}
