package archive

import (
	"path/filepath"
	"sync"
	"time"

	"dbcalm-db-cmd/steps/binlog"
	"dbcalm-db-cmd/steps/disk"
)

// board keeps the status.
type board struct {
	archive *Archive
	notice  func(Status)

	mu     sync.Mutex
	status Status
	// written is when the status was last written down, warned whether it had a warning
	// when it was last told of.
	written time.Time
	warned  bool
	// file is what is read, up to read, and nil for none.
	file File
	read int64
	// durableAt is when the newest transaction was made durable, caught when all had
	// been that there was.
	durableAt, caught time.Time
	keeping           keeping
}

// Status tells where the collector stands.
func (c *Collector) Status() Status { return c.board.told() }

func (b *board) told() Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	s, now := b.status, time.Now()
	if s.State == "" {
		s.State = Checking
	}
	lag := b.lag(now)
	s.Lag, s.Warning = lag.Seconds(), b.keeping.warning(lag)
	return s
}

// lag is for how long there has been something that is not durable.
func (b *board) lag(now time.Time) time.Duration {
	switch b.status.State {
	case Off, Waiting, Held:
		return 0
	case Following:
		if b.file != nil {
			var next [1]byte
			if n, _ := b.file.ReadAt(next[:], b.read); n == 0 {
				return 0
			}
		}
	}
	// What a transaction says of its time is believed as far as it can be true: it
	// was committed before it was read, and nothing older than that was missing when
	// all had been read.
	since := b.caught
	if at := b.status.Committed; at.After(since) && !at.After(b.durableAt) {
		since = at
	}
	if since.IsZero() {
		since = b.status.Since
	}
	if since.IsZero() {
		return 0
	}
	return max(0, now.Sub(since))
}

// set notes a state, and tells of it if it is another than before.
func (b *board) set(state State, reason string) {
	b.mu.Lock()
	changed := b.status.State != state
	if changed {
		b.status.Since = time.Now().UTC()
	}
	b.status.State, b.status.Reason = state, reason
	b.mu.Unlock()
	told := b.told()
	b.mu.Lock()
	warned := told.Warning != ""
	changed = changed || warned != b.warned
	b.warned = warned
	due := changed || time.Since(b.written) >= writeEvery
	if due {
		b.written = time.Now()
	}
	b.mu.Unlock()
	if due {
		// It is for people who ask without the daemon, and the next one is soon.
		_ = disk.WriteJSON(filepath.Join(b.archive.State, statusName), told)
	}
	if changed {
		b.notice(told)
	}
}

func (b *board) is(s State) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.status.State == s
}

func (b *board) fail(err error) { b.set(Stuck, err.Error()) }

// durable notes up to where a file has been read and is on the disk now, and the
// newest transaction of that; nil for none.
func (b *board) durable(newest *binlog.Group, p *place, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.file, b.read = p.file, p.scanner.Offset()
	if newest != nil {
		b.durableAt = now
		b.status.GTID, b.status.Committed = newest.GTID.String(), newest.Time
	}
}

// caughtUp notes that all was durable that the server had committed by then.
func (b *board) caughtUp(at time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.caught = at
}

// leave notes that no file is read any more.
func (b *board) leave() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.file = nil
}

// chain notes what the archive holds.
func (b *board) chain(c *Chain) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.status.Sealed, b.status.Breaks = len(c.Segments), 0
	b.status.Oldest, b.status.Newest = time.Time{}, time.Time{}
	for i, s := range c.Segments {
		if i > 0 && s.Break != "" {
			b.status.Breaks++
		}
		b.extend(s)
	}
}

func (b *board) sealed(s *Segment) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.status.Sealed++; b.status.Sealed > 1 && s.Break != "" {
		b.status.Breaks++
	}
	b.extend(s)
}

// extend notes the times of a segment that was added.
func (b *board) extend(s *Segment) {
	if s.Break != "" {
		b.status.Oldest, b.status.Newest = time.Time{}, time.Time{}
	}
	if s.Transactions == 0 {
		return
	}
	if b.status.Oldest.IsZero() {
		b.status.Oldest = s.FirstTime
	}
	b.status.Newest = s.LastTime
	// An earlier daemon may have read it.
	if s.ReadAt.After(b.durableAt) {
		b.durableAt, b.status.GTID, b.status.Committed = s.ReadAt, s.Last, s.LastTime
	}
}
