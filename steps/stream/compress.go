package stream

import (
	"crypto/sha256"
	"errors"
	"io"
	"sync"
)

// block is a piece of a stream on its way. Blocks are used again.
type block struct {
	room   *room  // nil until it is needed
	plain  []byte // of the room
	frame  []byte
	stored []byte // plain or frame
	done   chan struct{}
}

// conveyor compresses a stream in blocks:
//
//	read, look ──▶ encode, several at a time ──▶ write, hash
//
// Blocks are written in the order in which they were read.
type conveyor struct {
	*abort
	dst     io.Writer
	src     io.Reader
	look    io.Writer
	n       *Counters
	free    chan *block
	work    chan *block // nil without a compression
	ordered chan *block
	stored  Sum
	size    int64
}

// compress copies src to dst, compressed, and shows what it reads to look. It
// returns the sum of what it has written and how much it has read.
func compress(dst io.Writer, src io.Reader, c Compression, level int, n *Counters, look io.Writer) (Sum, int64, error) {
	encoders, err := takeEncoders(c, level)
	if err != nil {
		return Sum{}, 0, err
	}
	defer giveEncoders(c, level, encoders)
	if n == nil {
		n = &Counters{}
	}
	blocks := len(encoders) + 3
	v := &conveyor{abort: newAbort(src, dst), dst: dst, src: src, look: look, n: n,
		free: make(chan *block, blocks), ordered: make(chan *block, blocks)}
	all := make([]block, blocks)
	for i := range all {
		all[i].done = make(chan struct{}, 1)
		v.free <- &all[i]
	}
	if len(encoders) > 0 {
		v.work = make(chan *block, blocks)
	}
	var running sync.WaitGroup
	for _, encode := range encoders {
		running.Go(func() { v.encode(encode) })
	}
	running.Go(v.write)
	v.read()
	running.Wait()
	for _, b := range all {
		giveRoom(b.room)
	}
	return v.stored, v.size, v.failed()
}

// read fills blocks until the end of the source. It runs in the caller's
// goroutine.
func (v *conveyor) read() {
	defer close(v.ordered)
	if v.work != nil {
		defer close(v.work)
	}
	for first := true; ; first = false {
		var b *block
		select {
		case b = <-v.free:
		case <-v.stopped:
			return
		}
		last := v.fill(b)
		if v.failed() != nil || len(b.plain) == 0 && !first {
			return
		}
		if v.work == nil {
			b.stored = b.plain
			b.done <- struct{}{}
		} else {
			v.work <- b
		}
		v.ordered <- b
		if last {
			return
		}
	}
}

// fill reads a block and reports whether it is the last.
func (v *conveyor) fill(b *block) bool {
	if b.room == nil {
		b.room = takeRoom()
	}
	n, idle := 0, 0
	var err error
	for n < len(b.room) && err == nil && v.failed() == nil {
		var more int
		more, err = v.src.Read(b.room[n:])
		v.n.Plain.Add(int64(more))
		n += more
		if idle++; more > 0 {
			idle = 0
		} else if idle == maxIdle && err == nil {
			err = io.ErrNoProgress
		}
	}
	b.plain = b.room[:n]
	v.size += int64(n)
	if _, problem := v.look.Write(b.plain); problem != nil {
		v.fail(problem)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		v.fail(&SourceError{err})
	}
	return err != nil
}

// maxIdle is how often in a row a source may return nothing.
const maxIdle = 100

func (v *conveyor) encode(encode encoder) {
	for b := range v.work {
		b.frame = encode(b.frame[:0], b.plain)
		b.stored = b.frame
		b.done <- struct{}{}
	}
}

// write takes the blocks to the destination, in order.
func (v *conveyor) write() {
	digest := sha256.New()
	for b := range v.ordered {
		<-b.done
		if v.failed() != nil {
			continue
		}
		if err := writeAll(v.dst, b.stored); err != nil {
			v.fail(err)
			continue
		}
		digest.Write(b.stored)
		v.stored.Size += int64(len(b.stored))
		v.n.Stored.Add(int64(len(b.stored)))
		v.free <- b
	}
	v.stored = sumOf(digest, v.stored.Size)
}

// writeAll writes all of p or returns a *SinkError.
func writeAll(dst io.Writer, p []byte) error {
	n, err := dst.Write(p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return &SinkError{err}
	}
	return nil
}
