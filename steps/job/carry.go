package job

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/stream"
)

// carrier carries a job's stream from its source to its sink.
type carrier struct {
	Stream
	// source and sink are our ends; sink is nil for a stream that is only
	// checked.
	source, sink *os.File
	in           *watchedReader
	out          *watchedWriter
	count        stream.Counters

	// ended is closed when nothing more is carried; what follows is valid from
	// then.
	ended  chan struct{}
	result stream.Result
	err    error
}

func (c *carrier) start() {
	c.in = &watchedReader{file: c.source}
	c.out = &watchedWriter{Writer: io.Discard, source: c.in}
	switch {
	case c.sink == nil:
	case c.Direction == StreamOut && c.Command == "":
		c.out.Writer = &disk.EagerFile{File: c.sink}
	default:
		c.out.Writer = c.sink
	}
	c.ended = make(chan struct{})
	go func() {
		defer close(c.ended)
		if c.Direction == StreamOut {
			c.result, c.err = stream.Pack(c.out, c.in, stream.Compression(c.Compression), c.Level, &c.count)
		} else {
			c.result, c.err = stream.Unpack(c.out, c.in, stream.Compression(c.Compression), &c.count)
		}
		if c.out.err != nil {
			// The source was given up only because of it.
			c.err = &stream.SinkError{Err: c.out.err}
		}
		if c.err == nil {
			c.err = c.check()
		}
		if c.err == nil && c.Contents != "" {
			c.err = c.writeContents()
		}
	}()
}

// done returns a channel that is closed when nothing more is carried; for a
// job without a stream it never is.
func (c *carrier) done() <-chan struct{} {
	if c == nil {
		return nil
	}
	return c.ended
}

func (c *carrier) running() bool {
	if c == nil {
		return false
	}
	select {
	case <-c.ended:
		return false
	default:
		return true
	}
}

// errNotStored: what came is not what was stored.
var errNotStored = errors.New("is not what was stored")

// check compares what came out of the store with what went in.
func (c *carrier) check() error {
	if c.Direction == StreamOut {
		return nil
	}
	if c.result.StoredSize != c.Size {
		return fmt.Errorf("%w: it has %d bytes instead of %d", errNotStored, c.result.StoredSize, c.Size)
	}
	if c.result.SHA256 != c.SHA256 {
		return fmt.Errorf("%w: its checksum is not the recorded one", errNotStored)
	}
	return nil
}

// altered tells whether what came was read, and is not what was stored. The
// carrier has ended.
func (c *carrier) altered() bool {
	_, source := errors.AsType[*stream.SourceError](c.err)
	_, sink := errors.AsType[*stream.SinkError](c.err)
	return c.Direction == StreamIn && c.err != nil && !source && !sink
}

// errNotListed: the stream came, and what it holds could not be noted.
var errNotListed = errors.New("the list of what the stream holds could not be written")

func (c *carrier) writeContents() error {
	text, err := json.Marshal(c.result.Contents)
	if err == nil {
		err = disk.WriteDurably(c.Contents, append(text, '\n'), 0o640)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errNotListed, err)
	}
	return nil
}

// name is what messages call the stored stream.
func (c *carrier) name() string {
	if c.File == "" {
		return "the stream"
	}
	return filepath.Base(c.File)
}

// stalled says who has let the stream stand still for too long, empty for
// nobody. That the program of a StreamOut says nothing is its own affair: the
// server may keep it waiting.
func (c *carrier) stalled(program string) string {
	taker := c.Command
	if taker == "" {
		taker = "the disk of " + c.File
	}
	if c.Direction == StreamIn {
		taker = program
	}
	switch {
	case c.out.lasts() > c.StallTimeout:
		return fmt.Sprintf("%s has taken nothing for %s (stall_timeout)", taker, c.StallTimeout)
	case c.Direction == StreamIn && c.Command != "" && c.in.lasts() > c.StallTimeout:
		return fmt.Sprintf("%s has given nothing for %s (stall_timeout)", c.Command, c.StallTimeout)
	}
	return ""
}

// pipeSize is how much a pipe holds, in bytes: fewer turns between programs.
const pipeSize = 1 << 20

// newPipe returns a large pipe.
func newPipe() (from, to *os.File, err error) {
	if from, to, err = os.Pipe(); err != nil {
		return nil, nil, err
	}
	// Not by Fd, which would take the deadlines from the end that may have to be
	// broken off.
	if raw, err := to.SyscallConn(); err == nil {
		// The kernel refuses it to users with many pipes; any size will do.
		_ = raw.Control(func(fd uintptr) { _, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, pipeSize) })
	}
	return from, to, nil
}

// unread returns how many bytes a pipe holds that nobody has read.
func unread(pipe *os.File) int {
	n, err := unix.IoctlGetInt(int(pipe.Fd()), unix.TIOCINQ)
	if err != nil {
		return 0
	}
	return n
}

// progressEvery is how often a job tells how far it is.
const progressEvery = time.Second
