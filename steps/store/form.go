package store

import (
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/stream"
)

// String says in a word how a backup is stored: directory, zstd, stream,
// stream+zstd, forwarded, ….
func (f Form) String() string {
	word := "directory"
	switch {
	case f.Forward:
		word = "forwarded"
	case f.Stream:
		word = "stream"
	case f.Compression != "":
		return f.Compression
	}
	if f.Compression != "" {
		word += "+" + f.Compression
	}
	return word
}

// compressedPart is how much room is asked for a compressed stream: a quarter
// of the data. Ordinary rows take less; where they do not, the disk fills up
// and the operation fails.
const compressedPart = 4

// Room returns how much of the store a backup of this size takes
// while it is made, in bytes. Largest is the size of the largest file: files are
// compressed one after the other, beside the copy, as many at a time as have
// about its size together. A copied file has holes where the server's has some,
// and a stream has zeros in their place.
func (f Form) Room(data disk.Size, largest uint64) uint64 {
	size := data.Allocated
	switch {
	case f.Forward:
		return 0
	case f.Stream && f.Compression != "":
		return size / compressedPart
	case f.Stream:
		return data.Apparent
	case f.Compression != "":
		return size + largest
	}
	return size
}

// StreamName is the name of a backup's stream, in its folder or wherever it is
// forwarded to.
func (f Form) StreamName(id string) string {
	return "backup-" + id + ".xbstream" + stream.Compression(f.Compression).Suffix()
}

// Form is how a backup is stored.
type Form struct {
	Stream bool `json:"stream,omitempty"`
	// Compression is "", gzip or zstd.
	Compression string `json:"compression,omitempty"`
	Level       int    `json:"level,omitempty"`
	// Forward sends the stream through the shell command of that name.
	Forward bool `json:"forward,omitempty"`
}
