package testkit

import (
	"encoding/binary"
	"hash/crc32"
)

// Chunk returns one chunk of an xbstream; kind E, the end of a file, has no
// payload.
func Chunk(kind byte, path string, offset int, payload []byte) []byte {
	b := append([]byte("XBSTCK01"), 0, kind)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(path)))
	b = append(b, path...)
	if kind == 'E' {
		return b
	}
	b = binary.LittleEndian.AppendUint64(b, uint64(len(payload)))
	b = binary.LittleEndian.AppendUint64(b, uint64(offset))
	b = binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(payload))
	return append(b, payload...)
}
