package binlog

import (
	"encoding/binary"
	"hash/crc32"
)

// Opening is how a file of a relay log begins that goes on with transactions of this
// file. A MySQL refuses to read one that does not tell of what was before it: that
// nothing was is what such a log says that was not received.
func (f *Format) Opening() []byte {
	text := append([]byte(Magic), f.Raw...)
	if f.MySQL() {
		text = f.append(text, typeMySQLPrevious, make([]byte, numberSize))
	}
	return text
}

// Closing is a file without transactions that comes last in a relay log of MySQL.
// From 8.2 on one looks through the newest file, and cuts it where it believes that no
// server wrote that, as where the name of an XA transaction comes again; a file that
// says where its source goes on is whole.
func (f *Format) Closing() []byte {
	next := binary.LittleEndian.AppendUint64(nil, uint64(len(Magic)))
	return f.append(f.Opening(), typeRotate, append(next, "archive.000001"...))
}

// append adds an event to a file.
func (f *Format) append(text []byte, kind byte, body []byte) []byte {
	size := headerSize + len(body)
	if f.checksums {
		size += checksumSize
	}
	e := make([]byte, headerSize, size)
	e[4] = kind
	binary.LittleEndian.PutUint32(e[5:], f.Server)
	// #nosec G115 -- both are less than a thousand
	binary.LittleEndian.PutUint32(e[9:], uint32(size))
	// #nosec G115 -- as above
	binary.LittleEndian.PutUint32(e[13:], uint32(len(text)+size))
	e = append(e, body...)
	if f.checksums {
		e = binary.LittleEndian.AppendUint32(e, crc32.ChecksumIEEE(e))
	}
	return append(text, e...)
}
