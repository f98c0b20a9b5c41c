package job

import (
	"io"
	"os"
	"sync/atomic"
	"time"
)

// stall measures how long one end of a stream has been waited for.
type stall struct {
	// since is when the wait that is under way began, in nanoseconds since 1970;
	// 0 while nothing is waited for.
	since atomic.Int64
}

func (s *stall) begin() { s.since.Store(time.Now().UnixNano()) }

func (s *stall) end() { s.since.Store(0) }

// lasts returns how long the wait under way has lasted.
func (s *stall) lasts() time.Duration {
	since := s.since.Load()
	if since == 0 {
		return 0
	}
	return time.Since(time.Unix(0, since))
}

// pieceSize is how much is written at a time, in bytes: a slow taker must not
// look like one that has stopped.
const pieceSize = 64 << 10

// watchedWriter writes in pieces that are measured each. Its first error ends
// the reading at the other end of the stream, which may be waiting for a
// program that has nothing to say.
type watchedWriter struct {
	io.Writer
	stall
	source *watchedReader
	err    error
}

func (w *watchedWriter) Write(p []byte) (written int, err error) {
	for written < len(p) {
		piece := p[written:min(len(p), written+pieceSize)]
		w.begin()
		n, err := w.Writer.Write(piece)
		w.end()
		written += n
		if err != nil {
			w.err = err
			w.source.stop()
			return written, err
		}
	}
	return written, nil
}

// watchedReader measures each read, and can be stopped from outside.
type watchedReader struct {
	file *os.File
	stall
	stopped atomic.Bool
}

func (r *watchedReader) Read(p []byte) (int, error) {
	if r.stopped.Load() {
		return 0, os.ErrDeadlineExceeded
	}
	r.begin()
	defer r.end()
	return r.file.Read(p)
}

// stop ends a read that waits, and all later ones.
func (r *watchedReader) stop() {
	r.stopped.Store(true)
	// A regular file knows no deadline, and never waits for long.
	_ = r.file.SetReadDeadline(time.Unix(1, 0))
}

// DefaultStallTimeout is how long a stream may stand still unless told.
const DefaultStallTimeout = time.Minute
