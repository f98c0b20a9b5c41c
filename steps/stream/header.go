package stream

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"path"
	"strings"
)

// The layout of a chunk's head; see the package comment.
const (
	magic       = "XBSTCK01"
	fixedLength = len(magic) + 1 + 1 + 4
	// maxPath is FN_REFLEN of the tools, which holds a closing zero too.
	maxPath = 512
	// The lengths of what follows the path.
	payloadHead = 8 + 8 + 4
	sparseHead  = 4 + payloadHead
	seekHead    = 8
	renameHead  = 4
	mapEntry    = 4 + 4
	// maxOffset bounds offsets and lengths, far above any file.
	maxOffset = 1 << 62
)

// The types of chunks.
const (
	typePayload = 'P'
	typeEnd     = 'E'
	typeSparse  = 'S' // or a seek
	typeRename  = 'R'
	typeRemove  = 'D'
)

// The flags of a chunk.
const (
	flagIgnorable = 1
	flagRewrite   = 2
)

// fixed is the part of a head that all chunks have.
type fixed struct {
	flags, kind byte
	pathLength  int
}

func parseFixed(b []byte) (fixed, string) {
	if !bytes.Equal(b[:len(magic)], []byte(magic)) {
		return fixed{}, fmt.Sprintf("a chunk was to begin here, not %q", b[:len(magic)])
	}
	f := fixed{flags: b[len(magic)], kind: b[len(magic)+1]}
	length, problem := parsePathLength(b[len(magic)+2:])
	f.pathLength = length
	if problem == "" && f.extra() < 0 {
		problem = fmt.Sprintf("chunk type %q is unknown", f.kind)
	}
	return f, problem
}

func parsePathLength(b []byte) (int, string) {
	length := binary.LittleEndian.Uint32(b)
	if length == 0 || length >= maxPath {
		return 0, fmt.Sprintf("a path of %d bytes is none", length)
	}
	return int(length), ""
}

// extra is how many bytes of head follow the path, -1 for an unknown chunk.
func (f fixed) extra() int {
	switch f.kind {
	case typePayload:
		return payloadHead
	case typeEnd, typeRemove:
		return 0
	case typeSparse:
		return sparseHead
	case typeRename:
		return renameHead
	}
	if f.flags&flagIgnorable != 0 {
		return payloadHead
	}
	return -1
}

// checkPath refuses paths that lead out of the folder a stream is unpacked
// into, and those that are no file's.
func checkPath(name string) string {
	clean := path.Clean(name)
	switch {
	case strings.HasPrefix(name, "/"):
		return "the path is absolute"
	case strings.ContainsRune(name, 0):
		return "the path holds a zero byte"
	case clean == "." || strings.HasSuffix(name, "/"):
		return "the path names no file"
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." {
			return "the path leads upwards"
		}
	}
	return ""
}

// payload is the part of a head that describes a payload.
type payload struct {
	length, offset uint64
	checksum       uint32
}

func parsePayload(b []byte) (payload, string) {
	p := payload{
		length:   binary.LittleEndian.Uint64(b),
		offset:   binary.LittleEndian.Uint64(b[8:]),
		checksum: binary.LittleEndian.Uint32(b[16:]),
	}
	if p.length > maxOffset || p.offset > maxOffset {
		return p, fmt.Sprintf("a payload of %d bytes at %d is none", p.length, p.offset)
	}
	return p, ""
}
