package binlog

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"time"
)

// Format is a file's first event, its format description: which server wrote the
// file, when, and how. No two files of a server have the same one.
type Format struct {
	// Raw is the event as the file has it, without the mark of a file in use.
	Raw     []byte
	Version string
	// Created is when the server made the file.
	Created time.Time
	Server  uint32

	checksums bool
	// queryHeader is how many bytes a query event has before its variables.
	queryHeader int
}

// The parts of a format description: the format's version, the server's, a time
// that is set in the first file after a start, the length of headers, and the
// length of what each kind of event has before its own data.
const (
	formatVersion    = 4
	versionSize      = 50
	headerLengthAt   = headerSize + 2 + versionSize + 4
	postHeadersAt    = headerLengthAt + 1
	leastQueryHeader = 13
)

func parseFormat(e *event) (*Format, error) {
	raw := slices.Clone(e.raw)
	// The file's checksum was made before it was marked as being in use.
	raw[flagsAt] &^= InUse
	if len(raw) < postHeadersAt+typeQuery+1+checksumSize {
		return nil, broken(e.offset, "a format description of %d bytes", len(raw))
	}
	if version := binary.LittleEndian.Uint16(raw[headerSize:]); version != formatVersion || raw[headerLengthAt] != headerSize {
		return nil, broken(e.offset, "format %d with headers of %d bytes is not known", version, raw[headerLengthAt])
	}
	if !sumFits(raw) {
		return nil, broken(e.offset, "the checksum of the format description is wrong")
	}
	version, _, _ := bytes.Cut(raw[headerSize+2:headerSize+2+versionSize], []byte{0})
	f := &Format{Raw: raw, Version: string(version), Created: e.at(), Server: e.server,
		queryHeader: int(raw[postHeadersAt+typeQuery-1])}
	switch algorithm := raw[len(raw)-checksumSize-1]; algorithm {
	case 0:
	case 1:
		f.checksums = true
	default:
		return nil, broken(e.offset, "checksums of kind %d are not known", algorithm)
	}
	if f.queryHeader < leastQueryHeader {
		return nil, broken(e.offset, "query events with %d bytes before their variables", f.queryHeader)
	}
	return f, nil
}

// MySQL reports whether the file is one of MySQL or Percona Server: MariaDB always
// names itself.
func (f *Format) MySQL() bool { return !strings.Contains(f.Version, "MariaDB") }

// Same reports whether another file begins with the same event: it is the same
// file, whatever its name.
func (f *Format) Same(raw []byte) bool { return bytes.Equal(f.Raw, raw) }
