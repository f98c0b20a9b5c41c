package binlog

import (
	"bytes"
	"encoding/binary"
	"io"

	"github.com/klauspost/compress/zstd"
)

// The fields before a compressed transaction, of a type, a length and a value each;
// the one that ends them has none.
// https://dev.mysql.com/doc/dev/mysql-server/latest/classmysql_1_1binlog_1_1event_1_1Transaction__payload__event.html
const (
	payloadEnd  = 0
	payloadKind = 2
	// kindZstd is the one that compresses; the other is 255, for none.
	kindZstd = 0
	kindNone = 255
)

// lookedInto is how much of a compressed transaction is looked at, for what its
// first tables are; largestWindow is how much memory that may take.
const (
	lookedInto    = 256 << 10
	largestWindow = 32 << 20
)

// payload looks into a transaction that the server has compressed: only one of rows
// in tables that are transactional is. What cannot be read is not told of; the
// event's own checksum says that it is whole.
func (b *building) payload(e *event, f *Format) {
	b.group.Transactional = true
	plain, err := openPayload(e.body)
	if err != nil {
		return
	}
	inside := Format{queryHeader: f.queryHeader}
	for len(plain) >= headerSize {
		length := eventLength(plain)
		if length < headerSize || length > int64(len(plain)) {
			return
		}
		part := parseHeader(plain[:length])
		part.body = part.raw[headerSize:]
		if part.kind == typePayload {
			return
		}
		if last, err := b.add(&part, &inside); last || err != nil {
			return
		}
		plain = plain[length:]
	}
}

// openPayload returns the beginning of what was compressed.
func openPayload(body []byte) ([]byte, error) {
	kind := uint64(kindNone)
	for {
		field, rest, ok := packedNumber(body)
		if !ok {
			return nil, io.ErrUnexpectedEOF
		}
		body = rest
		if field == payloadEnd {
			break
		}
		length, rest, ok := packedNumber(body)
		if !ok || length > uint64(len(rest)) {
			return nil, io.ErrUnexpectedEOF
		}
		if field == payloadKind {
			if kind, _, ok = packedNumber(rest[:length]); !ok {
				return nil, io.ErrUnexpectedEOF
			}
		}
		body = rest[length:]
	}
	if kind != kindZstd {
		return body, nil
	}
	d, err := zstd.NewReader(bytes.NewReader(body), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(largestWindow))
	if err != nil {
		return nil, err
	}
	defer d.Close()
	plain, err := io.ReadAll(io.LimitReader(d, lookedInto))
	if len(plain) > 0 {
		return plain, nil
	}
	return nil, err
}

// packedNumber reads a number of 1, 3, 4 or 9 bytes.
func packedNumber(from []byte) (n uint64, rest []byte, ok bool) {
	if len(from) == 0 {
		return 0, nil, false
	}
	first, rest := from[0], from[1:]
	size, long := map[byte]int{0xfc: 2, 0xfd: 3, 0xfe: 8}[first]
	switch {
	case !long:
		return uint64(first), rest, first < 0xfb
	case len(rest) < size:
		return 0, nil, false
	}
	var number [8]byte
	copy(number[:], rest[:size])
	return binary.LittleEndian.Uint64(number[:]), rest[size:], true
}
