package archive

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/server"
)

// How often the collector looks: for what the server has written, whether the
// server is there, and again after something was in its way.
const (
	tick       = 500 * time.Millisecond
	askEvery   = 4 * time.Second
	retryAfter = 2 * time.Second
)

// Options are what a Collector needs beside the archive.
type Options struct {
	// Ask asks the server for its binary log.
	Ask func(ctx context.Context) (server.BinaryLog, error)
	// Restored tells when a restore last put other data into the data directory; the
	// zero time for never.
	Restored func(ctx context.Context) (time.Time, error)
	// Owner tells the user who runs the server.
	Owner func() int
	// Stream reads a log that only the server can read.
	Stream *Stream
	// Held says why the collector has to keep away from the server; empty if it need
	// not.
	Held func() string
	// Keep tells up to when what was read is needed no more; the zero time keeps all.
	Keep func(ctx context.Context) (time.Time, error)
	// Interval is how long a segment stays open, Size from how many bytes on it does
	// not.
	Interval time.Duration
	Size     int64
	// Notice is told of every change of the state.
	Notice func(Status)
}

// Collector reads a server's binary log into the archive, for as long as it runs.
type Collector struct {
	archive *Archive
	options Options
	board   board
	// flush takes who asks; asked are those who were not answered yet, and ended is
	// closed when nobody is any more.
	flush chan chan error
	asked []chan error
	ended chan struct{}

	// What is known of the server in this round. Quiet: it is not followed, and only
	// what it has left is read; drained: all of that has been, since it is held.
	server         server.BinaryLog
	folder         Folder
	source         Source
	restored       time.Time
	quiet, drained bool

	// chain is what the archive holds; nil while that has to be read.
	chain *Chain
	// tidied is when it was last looked for what is needed no more.
	tidied time.Time
}

// New returns a Collector. Only one may run on an archive, and it runs once.
func New(a *Archive, o Options) *Collector {
	return &Collector{archive: a, options: o, flush: make(chan chan error), ended: make(chan struct{}),
		board: board{archive: a, notice: o.Notice}}
}

// Run collects until ctx ends. What keeps it from that is told by the status and
// tried again.
func (c *Collector) Run(ctx context.Context) {
	defer close(c.ended)
	defer c.options.Stream.Close()
	for ctx.Err() == nil {
		again, err := c.round(ctx)
		if ctx.Err() != nil {
			break
		}
		if err != nil {
			c.board.fail(err)
			c.chain = nil
			c.answer(err)
		}
		if !again {
			c.pause(ctx, retryAfter)
		}
	}
	c.answer(errEnded)
}

// pause waits a while before the next round, or until somebody asks.
func (c *Collector) pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case done := <-c.flush:
		c.asked = append(c.asked, done)
	}
}

// round looks where the archive goes on and reads there, to the end of the file or
// until the server is gone. Again: the next round need not wait.
func (c *Collector) round(ctx context.Context) (again bool, err error) {
	if err := c.archive.make(); errors.Is(err, errNoStore) {
		c.board.set(Waiting, err.Error())
		c.answer(err)
		return false, nil
	} else if err != nil {
		return false, err
	}
	if c.chain == nil {
		if err := c.load(ctx); err != nil {
			return false, err
		}
	}
	if ready, err := c.look(ctx); err != nil || !ready {
		return false, err
	}
	p, err := c.find(ctx, c.chain)
	switch {
	case c.quiet:
		return c.drain(ctx, p, err)
	case errors.Is(err, errUnborn):
		c.pause(ctx, tick)
		return true, nil
	case err != nil:
		return false, err
	}
	defer p.file.Close()
	return c.follow(ctx, p)
}

// load reads what the archive holds, and seals what an earlier daemon has left
// open.
func (c *Collector) load(ctx context.Context) error {
	chain, err := c.archive.Chain()
	if err != nil {
		return err
	}
	recovered, err := c.archive.recover(ctx, chain.Last())
	if err != nil {
		return err
	}
	if recovered != nil {
		chain.add(recovered)
	}
	c.chain = chain
	c.board.chain(chain)
	return nil
}

// look asks the server, and reports whether there is a log to read: one that does
// not answer, or is to be kept away from, may have left something.
func (c *Collector) look(ctx context.Context) (ready bool, err error) {
	held := c.options.Held()
	if c.quiet = held != ""; c.quiet {
		c.board.set(Held, held)
	} else {
		c.drained = false
		now, err := c.options.Ask(ctx)
		if why := now.Unfit(); err == nil && why != "" {
			c.board.set(Off, why)
			c.answer(errors.New(why))
			return false, nil
		}
		if c.quiet = err != nil; c.quiet {
			c.board.set(Waiting, server.Plainly(err))
		} else if err := c.know(now); err != nil {
			return false, err
		}
	}
	if c.drained {
		c.answer(c.unread())
		return false, nil
	}
	if c.quiet && !c.recall() {
		c.answer(errors.New("where the server's binary log lies is not known before the server has answered once"))
		return false, nil
	}
	c.folder = Folder{Path: c.server.Folder, Index: c.server.Index, Owner: c.options.Owner()}
	c.source = c.folder
	if stream := c.options.Stream; stream != nil {
		stream.log = c.server.Folder
		switch {
		case c.server.Encrypted:
			c.source = stream
		case !c.quiet:
			c.source = mixed{c.folder, stream}
		}
	}
	c.restored, err = c.options.Restored(ctx)
	return err == nil, err
}

// knownName is the file of what the server has said of its log, in the archive's
// state folder: so that a daemon which finds it dead reads what it has left.
const knownName = "server.json"

func (c *Collector) know(now server.BinaryLog) error {
	c.board.keeps(now.Keeps)
	if c.server == now {
		return nil
	}
	if err := disk.WriteJSON(filepath.Join(c.archive.State, knownName), now); err != nil {
		return fmt.Errorf("note where the server's binary log lies: %w", err)
	}
	c.server = now
	return nil
}

// recall reports whether it is known where the server's log lies.
func (c *Collector) recall() bool {
	if c.server != (server.BinaryLog{}) {
		return true
	}
	var known server.BinaryLog
	if err := disk.ReadJSON(filepath.Join(c.archive.State, knownName), maxManifest, &known); err != nil || known.Unfit() != "" {
		return false
	}
	c.server = known
	return true
}
