package binlog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// ErrShort: the file ends before an event does. A server may be about to write
// the rest, or died before it had.
var ErrShort = errors.New("the binary log ends in the middle of an event")

// ErrBroken: what is there is no binary log, or was damaged.
var ErrBroken = errors.New("the binary log is damaged")

// ErrEncrypted: the server encrypts its binary logs, and only it can read them.
var ErrEncrypted = errors.New("the binary log is encrypted")

// ErrNoGTID: the server has written transactions without a GTID: its gtid_mode was
// not ON.
var ErrNoGTID = errors.New("the binary log has transactions without a GTID, written while gtid_mode was not ON")

func broken(offset int64, format string, args ...any) error {
	return fmt.Errorf("%w at %d: %s", ErrBroken, offset, fmt.Sprintf(format, args...))
}

// reader reads the events of a file one after the other.
type reader struct {
	file io.ReaderAt
	// next is where the next event begins.
	next int64
	// format is what the file's format description says; nil before that is read.
	format *Format
	// held are bytes of the file, from a place on; they lie in buffer.
	held   []byte
	from   int64
	buffer []byte
}

// event returns the next event: io.EOF at the end of the file, ErrShort where that
// is within an event. It is valid until the next call. After an error the same
// event can be asked for again.
func (r *reader) event() (*event, error) {
	if r.next == 0 {
		if err := r.magic(); err != nil {
			return nil, err
		}
	}
	header, err := r.read(r.next, headerSize)
	if err != nil {
		return nil, err
	}
	length := eventLength(header)
	if least := r.leastEvent(header[4]); length < least || length > largestEvent {
		return nil, broken(r.next, "an event of %d bytes", length)
	}
	raw, err := r.read(r.next, int(length))
	if errors.Is(err, io.EOF) {
		err = ErrShort
	}
	if err != nil {
		return nil, err
	}
	e := parseHeader(raw)
	e.offset, e.end = r.next, r.next+length
	if err := r.open(&e); err != nil {
		return nil, err
	}
	r.next = e.end
	return &e, nil
}

func (r *reader) magic() error {
	start, err := r.read(0, len(Magic))
	if err != nil {
		return err
	}
	if bytes.Equal(start, []byte(encryptedMagic)) {
		return ErrEncrypted
	}
	if !bytes.Equal(start, []byte(Magic)) {
		return broken(0, "it does not begin as a binary log does")
	}
	r.next = int64(len(Magic))
	return nil
}

// leastEvent is the length of an event of a kind without a body.
func (r *reader) leastEvent(kind byte) int64 {
	if kind == typeFormat || r.format != nil && r.format.checksums {
		return headerSize + checksumSize
	}
	return headerSize
}

// open checks an event's sum and finds its body.
func (r *reader) open(e *event) error {
	if e.kind == typeFormat {
		f, err := parseFormat(e)
		if err != nil {
			return err
		}
		r.format = f
		return nil
	}
	if r.format == nil {
		return broken(e.offset, "an event of type %d before the format description", e.kind)
	}
	e.body = e.raw[headerSize:]
	if !r.format.checksums {
		return nil
	}
	e.body = e.body[:len(e.body)-checksumSize]
	if !sumFits(e.raw) {
		return broken(e.offset, "the checksum of an event of type %d is wrong", e.kind)
	}
	return nil
}

// sumFits compares an event with the checksum that it ends with.
func sumFits(raw []byte) bool {
	text := raw[:len(raw)-checksumSize]
	return crc32.ChecksumIEEE(text) == binary.LittleEndian.Uint32(raw[len(text):])
}

// ahead is how much is read at once: up to that, room for an event is made before it
// is known to be there.
const ahead = 128 << 10

// read returns n bytes: io.EOF for none, ErrShort for fewer. They are valid until the
// next call.
func (r *reader) read(offset int64, n int) ([]byte, error) {
	if at := offset - r.from; at >= 0 && at+int64(n) <= int64(len(r.held)) {
		return r.held[at : at+int64(n)], nil
	}
	if n > ahead && n > cap(r.buffer) {
		// A length that is none must not cost memory.
		var last [1]byte
		if got, err := r.file.ReadAt(last[:], offset+int64(n)-1); got == 0 {
			return nil, atEnd(err, false)
		}
	}
	if size := max(n, ahead); size > cap(r.buffer) {
		r.buffer = make([]byte, size)
	}
	got, err := r.file.ReadAt(r.buffer[:max(n, ahead)], offset)
	r.held, r.from = r.buffer[:got], offset
	if got < n {
		return nil, atEnd(err, got == 0)
	}
	return r.buffer[:n], nil
}

// atEnd says why a file gave less than was asked for.
func atEnd(err error, nothing bool) error {
	switch {
	case !errors.Is(err, io.EOF):
		return fmt.Errorf("read binary log: %w", err)
	case nothing:
		return io.EOF
	}
	return ErrShort
}
