package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"dbcalm-db-cmd/steps/binlog"
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
	flush   chan chan struct{}

	// What is known of the server in this round.
	server   server.BinaryLog
	source   Source
	restored time.Time

	// chain is what the archive holds; nil while that has to be read.
	chain *Chain
	// tidied is when it was last looked for what is needed no more.
	tidied time.Time
}

// New returns a Collector. Only one may run on an archive.
func New(a *Archive, o Options) *Collector {
	return &Collector{archive: a, options: o, flush: make(chan chan struct{}), board: board{archive: a, notice: o.Notice}}
}

// Run collects until ctx ends. What keeps it from that is told by the status and
// tried again.
func (c *Collector) Run(ctx context.Context) {
	for ctx.Err() == nil {
		again, err := c.round(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			c.board.fail(err)
			c.chain = nil
		}
		if !again {
			c.pause(ctx)
		}
	}
}

// Flush seals what has been read, and returns when that is in the store, or the
// collector has nothing open, or ctx ends.
func (c *Collector) Flush(ctx context.Context) {
	done := make(chan struct{})
	select {
	case c.flush <- done:
	case <-ctx.Done():
		return
	}
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// pause waits a while before the next round.
func (c *Collector) pause(ctx context.Context) {
	timer := time.NewTimer(retryAfter)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case done := <-c.flush:
		close(done)
	}
}

// round looks where the archive goes on and reads there, to the end of the file or
// until the server is gone. Again: the next round need not wait.
func (c *Collector) round(ctx context.Context) (again bool, err error) {
	if err := c.archive.make(); errors.Is(err, errNoStore) {
		c.board.set(Waiting, err.Error())
		return false, nil
	} else if err != nil {
		return false, err
	}
	if c.chain == nil {
		if err := c.load(ctx); err != nil {
			return false, err
		}
	}
	if why := c.options.Held(); why != "" {
		c.board.set(Held, why)
		return false, nil
	}
	if ready, err := c.look(ctx); err != nil || !ready {
		return false, err
	}
	p, err := c.find(ctx, c.chain)
	if errors.Is(err, errUnborn) {
		return false, nil
	}
	if err != nil {
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

// look asks the server, and reports whether there is a log to read.
func (c *Collector) look(ctx context.Context) (ready bool, err error) {
	if c.server, err = c.options.Ask(ctx); err != nil {
		c.board.set(Waiting, err.Error())
		return false, nil
	}
	if why := c.server.Unfit(); why != "" {
		c.board.set(Off, why)
		return false, nil
	}
	c.source = Folder{Path: c.server.Folder, Index: c.server.Index, Owner: c.options.Owner()}
	c.restored, err = c.options.Restored(ctx)
	return err == nil, err
}

// reading is one stay in one file.
type reading struct {
	*Collector
	place *place
	open  *writer
	// closed: the file has been read to its end.
	closed bool
}

// follow reads a file to its end, or until it is held or the server is gone.
func (c *Collector) follow(ctx context.Context, p *place) (again bool, err error) {
	r := &reading{Collector: c, place: p}
	defer r.abandon()
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	asked := time.Now()
	for {
		// Asked before the rest is read: a file that was left behind grows no more.
		gone := p.file.Gone()
		if err := r.read(ctx); err != nil {
			return false, err
		}
		if gone || r.closed {
			return true, r.seal(ctx)
		}
		c.board.set(Following, "reading "+p.name)
		if time.Since(asked) >= askEvery {
			asked = time.Now()
			if left, err := r.left(ctx); err != nil || left {
				return left, errors.Join(err, r.seal(ctx))
			}
		}
		if why := c.options.Held(); why != "" {
			return false, r.seal(ctx)
		}
		if r.open != nil && time.Since(r.open.begun) >= c.options.Interval {
			if err := r.seal(ctx); err != nil {
				return false, err
			}
		}
		select {
		case <-ctx.Done():
			return false, r.seal(context.WithoutCancel(ctx))
		case <-ticker.C:
		case done := <-c.flush:
			err := errors.Join(r.read(ctx), r.seal(ctx))
			close(done)
			if err != nil {
				return false, err
			}
		}
	}
}

// left reports whether the server writes into a later file, or is gone.
func (r *reading) left(ctx context.Context) (bool, error) {
	names, err := r.source.Files(ctx)
	if err != nil {
		return false, err
	}
	if n := len(names); n > 0 && names[n-1] != r.place.name {
		// Read once more: it may have been left in between.
		return true, r.read(ctx)
	}
	now, err := r.options.Ask(ctx)
	switch {
	case err != nil:
		r.board.set(Waiting, err.Error())
		return true, r.read(ctx)
	case now != r.server:
		return true, r.read(ctx)
	}
	return false, nil
}

// read takes all that the file has into the open segment, and makes it durable.
func (r *reading) read(ctx context.Context) error {
	var oldest, newest *binlog.Group
	for !r.closed && ctx.Err() == nil {
		part, err := r.place.scanner.Next()
		if errors.Is(err, io.EOF) || errors.Is(err, binlog.ErrShort) {
			break
		}
		if err != nil {
			return errors.Join(fmt.Errorf("read %s: %w", r.place.name, err), r.seal(ctx))
		}
		if r.open == nil {
			r.place.begin.Number = r.chain.next
			if r.open, err = r.archive.begin(r.place.begin); err != nil {
				return err
			}
		}
		if err := r.open.add(r.place.file, part, time.Now()); err != nil {
			return err
		}
		if g := part.Group; g != nil {
			if newest = g; oldest == nil {
				oldest = g
			}
		}
		r.closed = part.Closed
		if r.open.segment.To-r.open.segment.From >= r.options.Size {
			if err := r.seal(ctx); err != nil {
				return err
			}
		}
	}
	if r.open != nil {
		if err := r.open.sync(); err != nil {
			return err
		}
	}
	if oldest != nil {
		r.board.durable(oldest, newest, time.Now())
	}
	return nil
}

// seal puts the open segment into the store.
func (r *reading) seal(ctx context.Context) error {
	if r.open == nil {
		return nil
	}
	s, err := r.open.seal(ctx, r.chain.Last())
	if err != nil {
		return err
	}
	r.open = nil
	r.chain.add(s)
	r.place.begin.From, r.place.begin.To, r.place.begin.before, r.place.begin.Break = s.To, s.To, s.after, ""
	r.board.sealed(s)
	return r.tidy(ctx)
}

// abandon closes what is open without sealing it: what it holds is sealed in the
// next round.
func (r *reading) abandon() {
	if r.open != nil {
		_ = r.open.file.Close()
	}
}
