package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"dbcalm-db-cmd/steps/binlog"
)

// reading is one stay in one file.
type reading struct {
	*Collector
	place *place
	open  *writer
	// closed: the file has been read to its end.
	closed bool
	// lookedAt is when the server was last asked whether it is still the same.
	lookedAt time.Time
}

// follow reads a file to its end, or until it is held or the server is gone.
func (c *Collector) follow(ctx context.Context, p *place) (again bool, err error) {
	r := &reading{Collector: c, place: p, lookedAt: time.Now()}
	defer r.leave()
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	left := false
	for {
		// Asked before the rest is read: a file that was left behind grows no more.
		if !left {
			if left, err = r.left(ctx); err != nil {
				return false, err
			}
		}
		began := time.Now()
		end, err := r.read(ctx)
		switch {
		case err != nil:
			return false, err
		case ctx.Err() != nil:
			return false, r.seal(context.WithoutCancel(ctx))
		case r.closed, end && left:
			return true, r.seal(ctx)
		}
		c.board.set(Following, "reading "+p.name)
		if end {
			c.board.caughtUp(began)
		}
		if r.open != nil && (end && len(c.asked) > 0 || time.Since(r.open.begun) >= c.options.Interval) {
			if err := r.seal(ctx); err != nil {
				return false, err
			}
		}
		if !end {
			continue
		}
		c.answer(nil)
		select {
		case <-ctx.Done():
		case <-ticker.C:
		case done := <-c.flush:
			c.asked = append(c.asked, done)
		}
	}
}

// drain reads what a server that is not followed has left, to the end of a file
// that was found, or not. Where the archive does not go on without a break, that
// is left to when the server answers.
func (c *Collector) drain(ctx context.Context, p *place, found error) (again bool, err error) {
	if found != nil {
		if errors.Is(found, errUnborn) {
			// It was closed, and all of it has been read.
			found, c.drained = c.unread(), c.board.is(Held)
		}
		c.answer(found)
		return false, nil
	}
	defer p.file.Close()
	if p.begin.Break != "" {
		c.answer(errors.New("what the server has left does not go on where the archive ends: " + p.begin.Break))
		return false, nil
	}
	r := &reading{Collector: c, place: p}
	defer r.leave()
	newest, err := r.newest(ctx)
	newest = newest && !p.file.Gone()
	for end := false; err == nil && !end && ctx.Err() == nil; {
		end, err = r.read(ctx)
	}
	if err := errors.Join(err, r.seal(context.WithoutCancel(ctx))); err != nil || !newest {
		return err == nil, err
	}
	c.drained = c.board.is(Held)
	c.answer(c.unread())
	return false, nil
}

// unread says why a server that is not followed may have left more than was read.
func (c *Collector) unread() error {
	if c.server.Encrypted {
		return errors.New("only the server can read its binary log, which is encrypted")
	}
	return nil
}

// newest reports whether the server has begun no later file.
func (r *reading) newest(ctx context.Context) (bool, error) {
	names, err := r.source.Files(ctx)
	if err != nil || len(names) == 0 {
		return err == nil, err
	}
	r.board.oldest(names[0], func() (time.Time, error) {
		// Where it lies: one that is encrypted would have to be asked for as a whole.
		file, err := r.folder.Open(ctx, names[0])
		if err != nil {
			return time.Time{}, err
		}
		defer file.Close()
		o, err := readOpening(file)
		if o.format == nil {
			return time.Time{}, err
		}
		return o.format.Created, nil
	})
	return names[len(names)-1] == r.place.name, nil
}

// left reports whether nothing is written into the file any more: the server has
// begun another one, or is gone, or is to be kept away from.
func (r *reading) left(ctx context.Context) (bool, error) {
	// What is gone is asked last: a source may find that out when it is asked.
	newest, err := r.newest(ctx)
	if errors.Is(err, errAway) {
		return true, nil
	}
	if err != nil || !newest || r.place.file.Gone() {
		return err == nil, err
	}
	if r.options.Held() != "" {
		return true, nil
	}
	if time.Since(r.lookedAt) < askEvery {
		return false, nil
	}
	r.lookedAt = time.Now()
	now, err := r.options.Ask(ctx)
	return err != nil || now != r.server, nil
}

// read takes what the file has into the open segment and makes it durable: all of
// it, which is the end, or what it gets in a while.
func (r *reading) read(ctx context.Context) (end bool, err error) {
	var newest *binlog.Group
	for began := time.Now(); !r.closed && !end && ctx.Err() == nil && time.Since(began) < tick; {
		part, err := r.place.scanner.Next()
		if errors.Is(err, io.EOF) || errors.Is(err, binlog.ErrShort) {
			end = true
			break
		}
		if err != nil {
			return false, errors.Join(fmt.Errorf("read %s: %w", r.place.name, err), r.seal(ctx))
		}
		if err := r.take(ctx, part); err != nil {
			return false, err
		}
		if part.Group != nil {
			newest = part.Group
		}
	}
	if r.open != nil {
		if err := r.open.sync(); err != nil {
			return false, err
		}
	}
	r.board.durable(newest, r.place, time.Now())
	return end || r.closed, nil
}

// take adds a part to the open segment, which it opens and seals as need be.
func (r *reading) take(ctx context.Context, part binlog.Part) (err error) {
	if r.open == nil {
		r.place.begin.Number = r.chain.next
		if r.open, err = r.archive.begin(r.place.begin); err != nil {
			return err
		}
	}
	r.open.add(r.place.file, part, time.Now())
	r.closed = part.Closed
	if r.open.segment.To-r.open.segment.From >= r.options.Size {
		return r.seal(ctx)
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

// leave closes what is open without sealing it: what it holds is sealed in the next
// round.
func (r *reading) leave() {
	r.board.leave()
	if r.open != nil {
		_ = r.open.file.Close()
	}
}
