package config

import (
	"strings"
	"time"

	"dbcalm-db-cmd/steps/stream"
)

// How long a stream may stand still: less than the shortest pauses a network
// without these, and no database should wait for the longest.
const (
	minStall = time.Second
	maxStall = time.Hour
)

// forms checks the keys that say how backups are stored.
func (v *validation) forms() {
	c := v.Config
	for key, command := range map[string]string{"forward": c.Forward, "retrieve": c.Retrieve} {
		if strings.ContainsRune(command, 0) {
			v.complain(key, "holds a zero byte, which no command can: remove it")
		}
	}
	switch {
	case c.Forward == "":
	case !c.Stream:
		v.complain("forward", "only a stream can be forwarded: set stream: true or remove forward")
	case c.Retrieve == "":
		v.warn("forward", "retrieve is not set: backups that are forwarded cannot be restored from here until it is")
	}
	v.compressionLevel()
	if c.StallTimeout < minStall || c.StallTimeout > maxStall {
		v.complain("stall_timeout", "give %s to %s, such as 60s", brief(minStall), brief(maxStall))
	}
}

func (v *validation) compressionLevel() {
	c := v.Config
	switch {
	case c.CompressionLevel == 0 || v.refused("compression"):
	case c.Compression == "":
		v.warn("compression_level", "has no effect without compression: set that to gzip or zstd, or remove this")
	default:
		if err := stream.CheckLevel(stream.Compression(c.Compression), c.CompressionLevel); err != nil {
			v.complain("compression_level", "%v", err)
		}
	}
}
