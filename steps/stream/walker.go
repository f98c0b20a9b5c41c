package stream

import (
	"fmt"
	"hash/crc32"
	"path"
	"slices"
)

// state is what a Walker is to be given next.
type state int

const (
	inFixed   state = iota // the part of a head that all chunks have
	inRest                 // the path, and what of the head is behind it
	inNewPath              // the new path of a rename
	inMap                  // the map of a sparse chunk
	inPayload
)

// Walker checks the framing of the xbstream that is written to it. It is not
// safe for concurrent use.
type Walker struct {
	err   error
	files files

	// What is gathered of a head or a map's entry, and how much of it is needed.
	have   []byte
	need   int
	room   [fixedLength + maxPath + sparseHead]byte
	state  state
	offset int64 // of the next byte
	begin  int64 // of the chunk

	// The chunk.
	fixed
	payload
	path    string
	file    *openFile // nil where the payload is skipped
	sum     uint32
	left    uint64 // of the payload
	entries uint32 // of the sparse map
	mapped  uint64 // bytes of the payload that the map places
}

// NewWalker returns a Walker at the begin of a stream.
func NewWalker() *Walker {
	w := &Walker{files: newFiles()}
	w.gather(inFixed, fixedLength)
	return w
}

// Write walks on. It returns a *FramingError at the first chunk that is none:
// no magic, an unknown type, a path that is too long or leads out of the
// folder, a payload at another place than the file's end, with a wrong
// checksum, or for a file that has ended. Every later call returns it again.
func (w *Walker) Write(p []byte) (int, error) {
	given := len(p)
	for len(p) > 0 && w.err == nil {
		if w.state == inPayload {
			p = p[w.take(p):]
			continue
		}
		n := copy(w.room[len(w.have):w.need], p)
		w.have = w.room[:len(w.have)+n]
		w.offset += int64(n)
		p = p[n:]
		if len(w.have) == w.need {
			w.step()
		}
	}
	if w.err != nil {
		return given - len(p), w.err
	}
	return given, nil
}

// End returns what the stream held, or a *FramingError if it is not whole:
// empty, cut in a chunk, a file without its end, or not ended by the file that
// the tool writes last.
func (w *Walker) End() (Contents, error) {
	switch {
	case w.err != nil:
	case w.offset == 0:
		w.fail("it is empty")
	case w.state != inFixed || len(w.have) > 0:
		w.fail("it ends in a chunk")
	default:
		w.fail(w.files.problem())
	}
	if w.err != nil {
		return Contents{}, w.err
	}
	return w.files.contents(), nil
}

// fail ends the walk if there is a problem.
func (w *Walker) fail(problem string) bool {
	if problem != "" {
		w.err = &FramingError{Offset: w.begin, Path: w.path, Problem: problem}
	}
	return problem != ""
}

// gather makes need bytes of what comes next the input of the state.
func (w *Walker) gather(next state, need int) {
	w.state, w.need, w.have = next, need, w.room[:0]
}

// nextChunk begins a chunk.
func (w *Walker) nextChunk() {
	w.begin, w.path, w.file = w.offset, "", nil
	w.gather(inFixed, fixedLength)
}

// step uses what has been gathered.
func (w *Walker) step() {
	switch w.state {
	case inFixed:
		var problem string
		if w.fixed, problem = parseFixed(w.have); !w.fail(problem) {
			w.gather(inRest, w.pathLength+w.extra())
		}
	case inRest:
		w.path = string(w.have[:w.pathLength])
		if !w.fail(checkPath(w.path)) {
			w.open(w.have[w.pathLength:])
		}
	case inNewPath:
		to := string(w.have)
		if !w.fail(checkPath(to)) && !w.fail(w.files.rename(w.path, to)) {
			w.nextChunk()
		}
	case inMap:
		w.sum = crc32.Update(w.sum, crc32.IEEETable, w.have)
		w.place(w.have)
	}
}

// open acts on a chunk whose head is read; rest is what is behind the path.
func (w *Walker) open(rest []byte) {
	switch {
	case w.kind == typeEnd:
		w.finish(w.files.end(w.path))
	case w.kind == typeRemove:
		w.finish(w.files.remove(w.path))
	case w.kind == typeRename:
		length, problem := parsePathLength(rest)
		if !w.fail(problem) {
			w.gather(inNewPath, length)
		}
	case w.kind == typeSparse && string(rest[seekHead:seekHead+len(magic)]) == magic:
		w.seek(rest)
	case w.kind == typeSparse:
		w.openSparse(rest)
	default:
		w.openPayload(rest, 0)
	}
}

// finish ends a chunk that is nothing but its head.
func (w *Walker) finish(problem string) {
	if !w.fail(problem) {
		w.nextChunk()
	}
}

// openPayload begins a payload, behind a map with that many entries.
func (w *Walker) openPayload(head []byte, entries uint32) {
	var problem string
	if w.payload, problem = parsePayload(head); w.fail(problem) {
		return
	}
	if w.kind == typePayload || w.kind == typeSparse {
		if w.file, problem = w.files.open(w.path, w.flags); w.fail(problem) {
			return
		}
		if w.fail(w.file.expect(w.payload.offset)) {
			return
		}
	}
	w.sum, w.left, w.entries, w.mapped = 0, w.payload.length, entries, 0
	if entries > 0 {
		w.gather(inMap, mapEntry)
		return
	}
	w.beginPayload()
}

func (w *Walker) beginPayload() {
	w.state = inPayload
	if w.left == 0 {
		w.endPayload()
	}
}

// take walks through a payload and returns how many bytes of p are its.
func (w *Walker) take(p []byte) int {
	// #nosec G115 -- at most the length of p
	n := int(min(uint64(len(p)), w.left))
	w.sum = crc32.Update(w.sum, crc32.IEEETable, p[:n])
	if w.file != nil {
		w.fail(w.files.keep(w.file, p[:n]))
	}
	w.left -= uint64(n)
	w.offset += int64(n)
	if w.left == 0 && w.err == nil {
		w.endPayload()
	}
	return n
}

func (w *Walker) endPayload() {
	if w.sum != w.payload.checksum {
		w.fail(fmt.Sprintf("the checksum of the payload is %08x, not %08x", w.sum, w.payload.checksum))
		return
	}
	if w.file != nil {
		w.file.advance(w.payload.length)
	}
	w.nextChunk()
}

// isLast reports whether a file is the one that ends a stream.
func isLast(name string) bool { return slices.Contains(lastNames, path.Clean(name)) }
