package stream

import (
	"crypto/sha256"
	"errors"
	"io"
)

// feederBlocks is how many blocks a feeder reads ahead.
const feederBlocks = 4

// feeder reads a source ahead, hashes it, and is a Reader of it.
type feeder struct {
	*abort
	src    io.Reader
	n      *Counters
	free   chan *room  // nil ones are made when needed
	full   chan filled // closed at the end of the source
	err    error       // io.EOF or a *SourceError; read it when full is closed
	ended  chan struct{}
	stored Sum

	// What is being read from, and what is left of it.
	block filled
	rest  []byte
}

// filled is a room and how much of it is.
type filled struct {
	*room
	n int
}

func startFeeder(a *abort, src io.Reader, n *Counters) *feeder {
	f := &feeder{abort: a, src: src, n: n, err: io.EOF,
		free: make(chan *room, feederBlocks), full: make(chan filled, feederBlocks), ended: make(chan struct{})}
	for range feederBlocks {
		f.free <- nil
	}
	go f.run()
	return f
}

// run is the goroutine of a feeder.
func (f *feeder) run() {
	defer close(f.ended)
	defer close(f.full)
	digest := sha256.New()
	for idle := 0; f.failed() == nil; {
		var b *room
		select {
		case b = <-f.free:
		case <-f.stopped:
			return
		}
		if b == nil {
			b = takeRoom()
		}
		n, err := f.src.Read(b[:])
		digest.Write(b[:n])
		f.stored.Size += int64(n)
		f.n.Stored.Add(int64(n))
		if idle++; n > 0 {
			idle = 0
		} else if idle == maxIdle && err == nil {
			err = io.ErrNoProgress
		}
		f.full <- filled{b, n}
		switch {
		case errors.Is(err, io.EOF):
			f.stored = sumOf(digest, f.stored.Size)
			return
		case err != nil:
			f.err = &SourceError{err}
			f.fail(f.err)
			return
		}
	}
}

// Read returns what comes next, and the source's error behind the last byte.
func (f *feeder) Read(p []byte) (int, error) {
	for len(f.rest) == 0 {
		if f.block.room != nil {
			f.free <- f.block.room
			f.block.room = nil
		}
		b, more := <-f.full
		if !more {
			return 0, f.err
		}
		f.block, f.rest = b, b.room[:b.n]
	}
	n := copy(p, f.rest)
	f.rest = f.rest[n:]
	return n, nil
}

// wait waits until the source is read, or its reading aborted, and returns the
// sum of what was read. Nothing may be read from the feeder any more.
func (f *feeder) wait() Sum {
	<-f.ended
	giveRoom(f.block.room)
	for b := range f.full {
		giveRoom(b.room)
	}
	for len(f.free) > 0 {
		giveRoom(<-f.free)
	}
	return f.stored
}
