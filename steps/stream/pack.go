package stream

import (
	"io"
	"sync/atomic"
)

// Counters tell another goroutine how far a stream has come.
type Counters struct {
	// Plain and Stored are bytes of the tool's stream and of what the store
	// holds of it.
	Plain, Stored atomic.Int64
}

// Result is what became of a whole stream.
type Result struct {
	// PlainSize and StoredSize are the lengths of the tool's stream and of what
	// is stored, in bytes.
	PlainSize, StoredSize int64
	// SHA256 is that of the stored bytes, in hexadecimal.
	SHA256 string
	// Contents is what the stream held.
	Contents Contents
}

// Pack reads the tool's stream to its end, walks it, compresses it and writes
// it to dst, in one pass. Level 0 is the compression's default. The counters
// may be nil.
//
// A *SourceError or *SinkError tells which side failed, a *FramingError that
// the stream is no whole xbstream; what was written by then is worth nothing.
// Pack returns when no Read or Write is under way any more: on an error it
// interrupts them with a deadline where src and dst have deadlines, as pipes
// do, and leaves it set.
func Pack(dst io.Writer, src io.Reader, c Compression, level int, n *Counters) (Result, error) {
	walker := NewWalker()
	stored, size, err := compress(dst, src, c, level, n, walker)
	if err != nil {
		return Result{}, err
	}
	contents, err := walker.End()
	if err != nil {
		return Result{}, err
	}
	return Result{PlainSize: size, StoredSize: stored.Size, SHA256: stored.SHA256, Contents: contents}, nil
}

// Unpack reads what Pack has stored to its end, uncompresses and walks it, and
// writes the tool's stream to dst; io.Discard only verifies it. The result is
// what Pack's was if nothing has changed. The counters may be nil.
//
// A *SourceError or *SinkError tells which side failed, a *CompressionError or
// *FramingError that what was stored is damaged or goes on behind its end. It
// returns as Pack does.
func Unpack(dst io.Writer, src io.Reader, c Compression, n *Counters) (Result, error) {
	walker := NewWalker()
	stored, size, err := uncompress(dst, src, c, n, walker)
	if err != nil {
		return Result{}, err
	}
	contents, err := walker.End()
	if err != nil {
		return Result{}, err
	}
	return Result{PlainSize: size, StoredSize: stored.Size, SHA256: stored.SHA256, Contents: contents}, nil
}
