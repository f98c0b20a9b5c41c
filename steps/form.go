package steps

import (
	"slices"

	"dbcalm-db-cmd/steps/stream"
)

// chooseForm returns how a backup is to be stored, by the configuration; nil
// for an operation whose machine, an older program's, knows one form only.
func (h *Host) chooseForm(t Task) *Form {
	if !slices.Contains(t.Events, EventStream) {
		return nil
	}
	form := Form{Stream: h.Stream, Compression: h.Compression, Forward: h.Stream && h.Forward != ""}
	if form.Compression != "" {
		form.Level = h.CompressionLevel
	}
	return &form
}

// form returns how the operation's backup is stored.
func (t Task) form() Form {
	if t.Data.Form == nil {
		return Form{}
	}
	return *t.Data.Form
}

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

// room returns how much of the store a backup of this size in bytes takes
// while it is made. Largest is the size of the largest file: files are
// compressed one after the other, beside the copy, as many at a time as have
// about its size together.
func (f Form) room(size, largest uint64) uint64 {
	switch {
	case f.Forward:
		return 0
	case f.Stream && f.Compression != "":
		return size / compressedPart
	case !f.Stream && f.Compression != "":
		return size + largest
	}
	return size
}

// streamName is the name of a backup's stream, in its folder or wherever it is
// forwarded to.
func (f Form) streamName(id string) string {
	return "backup-" + id + ".xbstream" + stream.Compression(f.Compression).Suffix()
}
