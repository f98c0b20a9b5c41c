package stream

import (
	"io"
	"strings"
	"testing"
)

func TestParseCompression(t *testing.T) {
	t.Parallel()
	for word, suffix := range map[string]string{"": "", "gzip": ".gz", "zstd": ".zst"} {
		c, err := parseCompression(word)
		if err != nil || string(c) != word || c.Suffix() != suffix {
			t.Errorf("%q became %q with suffix %q: %v", word, c, c.Suffix(), err)
		}
	}
	for _, word := range []string{"lz4", "GZIP", "none", " gzip"} {
		c, err := parseCompression(word)
		if c != None || err == nil || !strings.Contains(err.Error(), "use gzip or zstd, or leave it empty for none") {
			t.Errorf("%q became %q: %v", word, c, err)
		}
	}
}

func TestCheckLevel(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		c     Compression
		level int
		want  string
	}{
		{None, 0, ""}, {Gzip, 0, ""}, {Gzip, 1, ""}, {Gzip, 9, ""}, {Zstd, 0, ""}, {Zstd, 1, ""}, {Zstd, 19, ""},
		{None, 1, "compression level 1 without a compression: choose gzip or zstd, or leave the level out"},
		{Gzip, 10, "compression level 10 does not exist: gzip has 1 (fastest) to 9 (smallest), 0 is the default"},
		{Gzip, -1, "compression level -1 does not exist: gzip has 1"},
		{Zstd, 20, "compression level 20 does not exist: zstd has 1 (fastest) to 19 (smallest), 0 is the default"},
		{Zstd, -5, "compression level -5 does not exist"},
		{"lz4", 1, `unknown compression "lz4"`},
	} {
		err := CheckLevel(test.c, test.level)
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.HasPrefix(err.Error(), test.want)) {
			t.Errorf("%q level %d: got %v, want %q", test.c, test.level, err, test.want)
		}
	}
}

func TestUnknownCompressionAndLevelAreRefused(t *testing.T) {
	t.Parallel()
	_, unknown := Unpack(io.Discard, strings.NewReader("x"), "lz4", nil)
	_, level := Pack(io.Discard, strings.NewReader("x"), Gzip, 10, nil)
	_, _, file := PackFile(io.Discard, strings.NewReader("x"), "lz4", 0)
	_, _, unfile := UnpackFile(io.Discard, strings.NewReader("x"), "lz4")
	for _, err := range []error{unknown, file, unfile} {
		if err == nil || !strings.Contains(err.Error(), "unknown compression") {
			t.Errorf("got %v", err)
		}
	}
	if level == nil || !strings.Contains(level.Error(), "does not exist") {
		t.Errorf("got %v", level)
	}
}
