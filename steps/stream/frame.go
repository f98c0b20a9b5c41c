package stream

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/klauspost/compress/zstd"
)

// The parts of a frame of zstd's behind its header.
// https://github.com/facebook/zstd/blob/dev/doc/zstd_compression_format.md
const (
	blockHeader   = 3
	frameChecksum = 4
)

// maxFrame is how long a frame of a block may be: one that was worth no compression is
// a little longer than what it holds.
const maxFrame = blockSize + 64<<10

// nextFrame reads a frame that holds a block, appended to frame, or tells that the
// source ends, by io.EOF. Rest is the source if it goes on with anything else.
func nextFrame(src *bufio.Reader, frame []byte) (_ []byte, rest io.Reader, err error) {
	head, err := src.Peek(zstd.HeaderMaxSize)
	if len(head) == 0 {
		return frame, nil, err
	}
	// What is wrong with it is told by who decodes it.
	var h zstd.Header
	if h.Decode(head) != nil || h.Skippable || h.DictionaryID != 0 || !h.HasFCS || h.FrameContentSize > blockSize {
		return frame, src, nil
	}
	if frame, err = more(src, frame, h.HeaderSize); err != nil {
		return frame, nil, err
	}
	for last := false; !last; {
		if frame, err = more(src, frame, blockHeader); err != nil {
			return frame, nil, err
		}
		b := frame[len(frame)-blockHeader:]
		length := int(b[0])>>3 | int(b[1])<<5 | int(b[2])<<13
		// One byte, repeated.
		if b[0]>>1&3 == 1 {
			length = 1
		}
		if len(frame)+length > maxFrame {
			return frame, io.MultiReader(bytes.NewReader(frame), src), nil
		}
		if frame, err = more(src, frame, length); err != nil {
			return frame, nil, err
		}
		last = b[0]&1 == 1
	}
	if h.HasCheckSum {
		frame, err = more(src, frame, frameChecksum)
	}
	return frame, nil, err
}

// more appends the next n bytes of a source, which must have them.
func more(src io.Reader, to []byte, n int) ([]byte, error) {
	at := len(to)
	to = append(to, make([]byte, n)...)
	_, err := io.ReadFull(src, to[at:])
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return to, err
}
