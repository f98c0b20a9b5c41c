package stream

import (
	"io"
	"sync"
)

// block is a piece of a stream on its way. Blocks are used again.
type block struct {
	room   *room  // nil until it is needed
	plain  []byte // of the room
	frame  []byte
	stored []byte // plain or frame
	err    error  // why the frame could not be decoded
	done   chan struct{}
}

// conveyor takes a stream from one end to the other in blocks:
//
//	take ──▶ work, several at a time ──▶ give
//
// Blocks are given in the order in which they were taken.
type conveyor struct {
	*abort
	// take fills a block and reports whether it is one, and whether it is the last.
	take func(b *block) (some, last bool)
	// work are the workers; without any, blocks go on as they are.
	work []func(b *block)
	give func(b *block)
}

// run returns when all blocks have been given, or after the first error. It takes
// in the caller's goroutine.
func (v *conveyor) run() {
	all := make([]block, len(v.work)+3)
	free, ordered, waiting := make(chan *block, len(all)), make(chan *block, len(all)), make(chan *block, len(all))
	for i := range all {
		all[i].done = make(chan struct{}, 1)
		free <- &all[i]
	}
	var running sync.WaitGroup
	for _, work := range v.work {
		running.Go(func() {
			for b := range waiting {
				work(b)
				b.done <- struct{}{}
			}
		})
	}
	running.Go(func() {
		for b := range ordered {
			<-b.done
			if v.failed() == nil {
				v.give(b)
				free <- b
			}
		}
	})
	v.feed(free, ordered, waiting)
	close(waiting)
	close(ordered)
	running.Wait()
	for _, b := range all {
		giveRoom(b.room)
	}
}

// feed takes blocks until there are no more.
func (v *conveyor) feed(free <-chan *block, ordered, waiting chan<- *block) {
	for {
		var b *block
		select {
		case b = <-free:
		case <-v.stopped:
			return
		}
		if b.room == nil {
			b.room = takeRoom()
		}
		some, last := v.take(b)
		if v.failed() != nil || !some {
			return
		}
		if len(v.work) == 0 {
			b.done <- struct{}{}
		} else {
			waiting <- b
		}
		ordered <- b
		if last {
			return
		}
	}
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
