package stream

import (
	"fmt"
	"slices"
)

// Compression is how a backup is stored; its values are those of the
// configuration.
type Compression string

// The compressions.
const (
	None Compression = ""
	Gzip Compression = "gzip"
	Zstd Compression = "zstd"
)

// The levels of each compression; 0 stands for the fastest.
const (
	maxGzipLevel = 9
	maxZstdLevel = 19
)

// parseCompression reads the configuration's word for a compression.
func parseCompression(word string) (Compression, error) {
	c := Compression(word)
	if !slices.Contains([]Compression{None, Gzip, Zstd}, c) {
		return None, fmt.Errorf("unknown compression %q: use gzip or zstd, or leave it empty for none", word)
	}
	return c, nil
}

// Suffix is what the name of a file stored like this ends with.
func (c Compression) Suffix() string {
	switch c {
	case Gzip:
		return ".gz"
	case Zstd:
		return ".zst"
	default:
		return ""
	}
}

// CheckLevel refuses a level that the compression does not have. Level 0 is
// its default, the fastest.
func CheckLevel(c Compression, level int) error {
	top := 0
	switch c {
	case Gzip:
		top = maxGzipLevel
	case Zstd:
		top = maxZstdLevel
	case None:
		if level != 0 {
			return fmt.Errorf("compression level %d without a compression: choose gzip or zstd, or leave the level out", level)
		}
		return nil
	default:
		_, err := parseCompression(string(c))
		return err
	}
	if level < 0 || level > top {
		return fmt.Errorf("compression level %d does not exist: %s has 1 (fastest) to %d (smallest), 0 is the default", level, c, top)
	}
	return nil
}
