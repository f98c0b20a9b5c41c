package main

import (
	"io"
	"time"

	"github.com/rs/zerolog"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/config"
)

// The keys of the daemon's log that are set here.
const (
	keyConfig  = "config"
	keyLimit   = "limit_ms"
	keyVersion = "version"
)

const logTime = "2006-01-02T15:04:05.000Z07:00"

// newLogger is the daemon's log: one event a line on w, as JSON or, for
// people, as columns. Times are UTC.
func newLogger(w io.Writer, c *config.Config, colour bool, now func() time.Time) zerolog.Logger {
	if c.LogFormat == config.FormatConsole {
		w = zerolog.ConsoleWriter{Out: w, NoColor: !colour, TimeFormat: logTime, TimeLocation: time.UTC}
	}
	stamp := func(e *zerolog.Event, _ zerolog.Level, _ string) {
		e.Str(zerolog.TimestampFieldName, now().UTC().Format(logTime))
	}
	return zerolog.New(logLines{to: w}).Level(c.LogLevel).Hook(zerolog.HookFunc(stamp))
}
