package stream

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math/rand/v2"
	"slices"
)

// le appends a number in n bytes.
func le(b []byte, n int, value uint64) []byte {
	number := make([]byte, max(n, 8))
	binary.LittleEndian.PutUint64(number, value)
	return append(b, number[:n]...)
}

// head writes the part that all chunks have.
func head(flags, kind byte, path string) []byte {
	return append(le(append([]byte(magic), flags, kind), 4, uint64(len(path))), path...)
}

func payloadChunk(flags byte, path string, offset int, content string) []byte {
	b := le(le(head(flags, typePayload, path), 8, uint64(len(content))), 8, uint64(offset))
	return append(le(b, 4, uint64(crc32.ChecksumIEEE([]byte(content)))), content...)
}

func endChunk(path string) []byte { return head(0, typeEnd, path) }

func seekChunk(path string, offset int) []byte {
	return le(head(0, typeSparse, path), 8, uint64(offset))
}

func renameChunk(from, to string) []byte {
	return append(le(head(0, typeRename, from), 4, uint64(len(to))), to...)
}

func removeChunk(path string) []byte { return head(0, typeRemove, path) }

// sparseChunk takes the map as pairs of skip and length.
func sparseChunk(path string, offset int, content string, pairs ...uint64) []byte {
	var places []byte
	for _, number := range pairs {
		places = le(places, 4, number)
	}
	b := le(head(0, typeSparse, path), 4, uint64(len(pairs)/2))
	b = le(le(b, 8, uint64(len(content))), 8, uint64(offset))
	b = le(b, 4, uint64(crc32.ChecksumIEEE(append(slices.Clone(places), content...))))
	return append(append(b, places...), content...)
}

// whole makes a file of one payload and its end.
func whole(path, content string) []byte {
	return append(payloadChunk(0, path, 0, content), endChunk(path)...)
}

// stream puts chunks in a row, with the file behind them that every stream
// ends with.
func stream(chunks ...[]byte) []byte {
	return append(bytes.Join(chunks, nil), whole("xtrabackup_info", info)...)
}

const info = "uuid = 1\ntool_version = 10.11.19-MariaDB\n"

// noise makes n bytes that do not compress, always the same.
func noise(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(b)
	return b
}
