package config

import (
	"testing"

	"github.com/rs/zerolog"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/config/configtest"
)

// What the other programs of the file take is taken, and means the same.
func TestWhatOthersWriteIsTaken(t *testing.T) {
	t.Parallel()
	streams := func(want bool) func(*Config) bool { return func(c *Config) bool { return c.Stream == want } }
	level := func(want zerolog.Level) func(*Config) bool { return func(c *Config) bool { return c.LogLevel == want } }
	compression := func(want string) func(*Config) bool { return func(c *Config) bool { return c.Compression == want } }
	counting := func(want string) func(*Config) bool { return func(c *Config) bool { return c.CountRows == want } }
	for text, holds := range map[string]func(*Config) bool{
		`stream: "true"`: streams(true), `stream: 'TRUE'`: streams(true), "stream: True": streams(true), `stream: "yes"`: streams(true),
		`stream: "1"`: streams(true), "stream: 1": streams(true), "stream: On": streams(true),
		`stream: "false"`: streams(false), `stream: "No"`: streams(false), "stream: 0": streams(false), `stream: ""`: streams(false),
		`Stream: "true"`: streams(true), "STREAM: true": streams(true),

		"log_level: INFO":  level(zerolog.InfoLevel),
		"log_level: Debug": level(zerolog.DebugLevel), "log_level: WARNING": level(zerolog.WarnLevel),
		"log_level: critical": level(zerolog.ErrorLevel), "log_level: CRITICAL": level(zerolog.ErrorLevel),
		"LOG_LEVEL: error": level(zerolog.ErrorLevel),

		"compression: none": compression(""), "compression: None": compression(""), "compression: off": compression(""),
		"compression: false": compression(""), "compression: GZIP": compression("gzip"), "Compression: zstd": compression("zstd"),

		"count_rows: Off": counting("off"), "count_rows: false": counting("off"), "count_rows: on": counting("rows"),
		"count_rows: Rows": counting("rows"), `COUNT_ROWS: "checksum"`: counting("checksum"), "": counting("off"),

		`parallel: "3"`:      func(c *Config) bool { return c.Parallel == 3 },
		`stall_timeout: "9"`: func(c *Config) bool { return c.StallTimeout.Seconds() == 9 },
		`compression: gzip` + "\n" + `compression_level: "9"`:                         func(c *Config) bool { return c.CompressionLevel == 9 },
		`retention: {full: "4"}`:                                                      func(c *Config) bool { return c.Retention.Full == 4 },
		`stream: "true"` + "\n" + `forward: nc host 1` + "\n" + `retrieve: nc host 2`: func(c *Config) bool { return c.Forward == "nc host 1" },
	} {
		loaded := Load(configtest.Write(t, configtest.Minimal+text), hostWith("/usr/bin/mariadb-backup"))
		if len(loaded.Problems)+len(loaded.Warnings) > 0 || !holds(loaded.Config) {
			t.Errorf("%q: problems %v, warnings %v, %+v", text, loaded.Problems, loaded.Warnings, loaded.Config)
		}
	}
}

// What could not be honoured is refused, however it is written.
func TestWhatCannotBeHonouredIsRefused(t *testing.T) {
	t.Parallel()
	for text, key := range map[string]string{
		"compression: lz4": "compression", "COMPRESSION: LZ4": "compression", "compression: true": "compression", "compression: 1": "compression",
		`stream: "maybe"`: "stream", "stream: 2": "stream", "stream: [true]": "stream",
		"stream: \"false\"\nforward: nc host 1": "forward", "Forward: nc host 1": "forward",
		"count_rows: all": "count_rows", "count_rows: [rows]": "count_rows",
		"log_level: loud": "log_level", `parallel: "many"`: "parallel", `parallel: ""`: "parallel",
	} {
		loaded := Load(configtest.Write(t, configtest.Minimal+text), hostWith("/usr/bin/mariadb-backup"))
		if len(loaded.Problems) != 1 || loaded.Problems[0].Key != key {
			t.Errorf("%q: problems %v, want one of %s", text, loaded.Problems, key)
		}
	}
}

// Of two spellings of a key only those that agree are taken.
func TestTwoSpellingsOfAKey(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, warning, problem string }{
		{"stream: true\nSTREAM: true", ":4: STREAM was already set at line 3 as stream, to the same value: remove one of the two", ""},
		{"Stream: true\nstream: false", "", ":4: stream: already set at line 3 as Stream: remove one of the two"},
		{"stream: true\nstream: true", "", ":4: stream: already set at line 3: remove one of the two"},
		{"retention: {full: 4}\nRetention: {full: 4}",
			":4: Retention was already set at line 3 as retention, to the same value: remove one of the two", ""},
		{"log_file: /x\nLOG_FILE: /y", ":4: LOG_FILE was already set at line 3 as log_file", ""},
		{"API_PORT: 1", "", ""},
	} {
		path := configtest.Write(t, configtest.Minimal+c.text)
		loaded := Load(path, hostWith("/usr/bin/mariadb-backup"))
		for kind, test := range map[string]struct {
			found []Finding
			want  string
		}{"warning": {loaded.Warnings, c.warning}, "problem": {loaded.Problems, c.problem}} {
			if test.want == "" && len(test.found) > 0 || test.want != "" && (len(test.found) != 1 || test.found[0].String() != path+test.want) {
				t.Errorf("%q: %s: got %v, want %q", c.text, kind, test.found, test.want)
			}
		}
	}
}
