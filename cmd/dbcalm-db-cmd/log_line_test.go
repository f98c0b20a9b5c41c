package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/config"
	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/samples"
)

// A line of the log is a line, and bounded, whatever is put into it.
func TestLogLinesAreBounded(t *testing.T) {
	t.Parallel()
	for name, fill := range map[string]func(*zerolog.Event){
		"long text":    func(e *zerolog.Event) { e.Str("reason", strings.Repeat("x", 1<<20)) },
		"long escapes": func(e *zerolog.Event) { e.Str("reason", strings.Repeat("\x1b", 1<<20)) },
		"line breaks":  func(e *zerolog.Event) { e.Str("reason", strings.Repeat("\n", 1<<20)) },
		"long runes":   func(e *zerolog.Event) { e.Str("reason", strings.Repeat("ä\u202e", 1<<19)) },
		"a list":       func(e *zerolog.Event) { e.Ints("numbers", make([]int, 1<<16)) },
		"many fields": func(e *zerolog.Event) {
			for range 1000 {
				e.Str("again", strings.Repeat("y", 1000))
			}
		},
	} {
		for _, format := range []string{config.FormatJSON, config.FormatConsole} {
			var out bytes.Buffer
			log := newLogger(&out, &config.Config{LogFormat: format}, false, time.Now)
			event := log.Warn()
			fill(event)
			event.Msg("too much")
			line := out.String()
			if len(line) > 2*logLineLimit || format == config.FormatJSON && len(line) > logLineLimit {
				t.Errorf("%s, %s: %d bytes", name, format, len(line))
			}
			if strings.Count(line, "\n") != 1 || !strings.Contains(line, "too much") || !strings.Contains(line, "left") {
				t.Errorf("%s, %s: %.200s … %.200s", name, format, line, line[max(0, len(line)-200):])
			}
			var values map[string]any
			if format == config.FormatJSON && (json.Unmarshal(out.Bytes(), &values) != nil || values["level"] != "warn" || values["time"] == "") {
				t.Errorf("%s: %.200s", name, line)
			}
		}
	}
}

func TestLogLinesSteerNoTerminal(t *testing.T) {
	t.Parallel()
	for format, want := range map[string]string{
		config.FormatJSON:    `{"level":"warn","reason":"a\\x1b[2J\\u009b\\u202e\nb","time":"T","message":"m"}` + "\n",
		config.FormatConsole: `T WRN m reason="a\\x1b[2J\\u009b\\u202e\nb"` + "\n",
	} {
		var out bytes.Buffer
		log := newLogger(&out, &config.Config{LogFormat: format}, false, func() time.Time { return samples.Noon })
		log.Warn().Str("reason", "a\x1b[2J\u009b\u202e\nb").Msg("m")
		if got := strings.ReplaceAll(out.String(), samples.Noon.Format(logTime), "T"); got != want {
			t.Errorf("%s: got %s, want %s", format, got, want)
		}
	}
}
