package job

import (
	"strconv"
	"strings"
	"time"
)

// Stream is a backup's stream between a job's program and the store. The
// supervisor carries it: in one pass it is walked chunk by chunk, compressed or
// uncompressed, counted and hashed.
type Stream struct {
	// Direction is StreamOut or StreamIn.
	Direction string `json:"direction"`
	// File is where the stream is stored; empty when Spec.Shell takes or gives
	// it.
	File string `json:"file,omitempty"`
	// Command is what messages call Spec.Shell: the configuration's key.
	Command string `json:"command,omitempty"`
	// Env is added to the environment of Spec.Shell, NAME=value each.
	Env []string `json:"env,omitempty"`
	// Compression is "", gzip or zstd, Level its level; 0 means the default.
	Compression string `json:"compression,omitempty"`
	Level       int    `json:"level,omitempty"`
	// Size in bytes and SHA256 are what a StreamIn must be, as stored.
	Size   int64  `json:"size,omitempty"`
	SHA256 string `json:"sha256,omitempty"`
	// Contents is the file to which the list of what the stream holds is
	// written, in the form of stream.Contents; empty for none.
	Contents string `json:"contents,omitempty"`
	// StallTimeout is how long the stream may stand still because its taker, or
	// Shell, does nothing.
	StallTimeout time.Duration `json:"stall_timeout"`
}

// The directions of a stream.
const (
	// StreamOut goes from the program's standard output to the store.
	StreamOut = "out"
	// StreamIn goes from the store to the program's standard input; without a
	// program it is only checked.
	StreamIn = "in"
)

// line writes a person the pipeline of which the program is one end. What the
// supervisor does itself is written as the program that does the same.
func (s *Stream) line(program string) string {
	if s.Direction == StreamIn {
		return s.lineIn(program)
	}
	line := program
	if s.Compression != "" {
		line += " | " + s.Compression
		if s.Level != 0 {
			line += " -" + strconv.Itoa(s.Level)
		}
	}
	if s.Command != "" {
		return line + " | " + s.Command
	}
	return line + " > " + QuoteWord(s.File)
}

func (s *Stream) lineIn(program string) string {
	var parts []string
	if s.Command != "" {
		parts = append(parts, s.Command)
	}
	switch {
	case program == "":
		parts = append(parts, "sha256sum")
	case s.Compression != "":
		parts = append(parts, s.Compression+" -d", program)
	default:
		parts = append(parts, program)
	}
	if s.Command == "" {
		parts[0] += " < " + QuoteWord(s.File)
	}
	return strings.Join(parts, " | ")
}
