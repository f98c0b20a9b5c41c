package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/config"
	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/samples"
)

func TestLog(t *testing.T) {
	t.Parallel()
	now := func() time.Time { return samples.Noon.In(time.FixedZone("elsewhere", 3600)) }
	for format, want := range map[string]string{
		config.FormatJSON:    `{"level":"warn","config":"/x.yml","time":"2025-03-01T12:00:00.000Z","message":"two"}` + "\n",
		config.FormatConsole: "2025-03-01T12:00:00.000Z WRN two config=/x.yml\n",
	} {
		var out bytes.Buffer
		log := newLogger(&out, &config.Config{LogFormat: format, LogLevel: zerolog.WarnLevel}, false, now)
		log.Info().Msg("one")
		log.Warn().Str(keyConfig, "/x.yml").Msg("two")
		if out.String() != want {
			t.Errorf("%s: got %q, want %q", format, out.String(), want)
		}
	}
}
