package stream

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// openSparse begins a sparse chunk, which only XtraBackup 8 writes.
func (w *Walker) openSparse(head []byte) {
	w.openPayload(head[4:], binary.LittleEndian.Uint32(head))
	if w.file != nil {
		w.files.forget(w.file)
	}
}

// place reads an entry of a sparse chunk's map: how many bytes to leave out of
// the file, and how many of the payload come then.
func (w *Walker) place(entry []byte) {
	w.file.advance(uint64(binary.LittleEndian.Uint32(entry)))
	w.mapped += uint64(binary.LittleEndian.Uint32(entry[4:]))
	w.entries--
	if w.entries > 0 {
		w.gather(inMap, mapEntry)
		return
	}
	if w.mapped != w.payload.length {
		w.fail(fmt.Sprintf("the sparse map places %d bytes of a payload of %d", w.mapped, w.payload.length))
		return
	}
	w.beginPayload()
}

// seek moves a file's end, which only MariaDB's tool asks for. More was read
// than the chunk has: the begin of the next one.
func (w *Walker) seek(rest []byte) {
	to := binary.LittleEndian.Uint64(rest)
	file, problem := w.files.open(w.path, w.flags)
	if problem == "" {
		problem = w.files.seek(file, to)
	}
	if w.fail(problem) {
		return
	}
	next := slices.Clone(rest[seekHead:])
	w.offset -= int64(len(next))
	w.nextChunk()
	// What is wrong in it, Write keeps.
	_, _ = w.Write(next)
}
