package archive

import (
	"path/filepath"
	"sync"
	"time"

	"dbcalm-db-cmd/steps/binlog"
	"dbcalm-db-cmd/steps/disk"
)

// State is what the collector does.
type State string

// The states of a collector.
const (
	// Checking: it looks where the archive goes on.
	Checking State = "checking"
	// Following: it reads what the server writes.
	Following State = "following"
	// Waiting: the server is not there, or no backup store yet.
	Waiting State = "waiting"
	// Held: a restore into the data directory is under way.
	Held State = "held"
	// Off: the server keeps no binary log that can be read.
	Off State = "off"
	// Stuck: something is in the way that has to be mended.
	Stuck State = "stuck"
)

// Status is where the collector stands.
type Status struct {
	State  State     `json:"state"`
	Reason string    `json:"reason"`
	Since  time.Time `json:"since"`
	// GTID and Committed are of the newest transaction that is on the store's disk.
	GTID      string    `json:"gtid,omitempty"`
	Committed time.Time `json:"committed,omitzero"`
	// Lag is for how long the oldest transaction of the newest read had not been on
	// that disk, in seconds; 0 when the server is idle.
	Lag float64 `json:"lag_seconds"`
	// Sealed counts the segments in the store that a restore can use; Breaks are
	// those of them before which a range ends, the first one aside.
	Sealed int `json:"segments"`
	Breaks int `json:"breaks"`
	// Oldest and Newest are the times of the first and the last transaction of the
	// newest range.
	Oldest time.Time `json:"oldest,omitzero"`
	Newest time.Time `json:"newest,omitzero"`
}

// statusName is the file of the status, in the archive's state folder; writeEvery
// is how often it is written while nothing changes.
const (
	statusName = "status.json"
	writeEvery = 10 * time.Second
)

// Follows reports whether it reads what the server writes.
func (s Status) Follows() bool { return s.State == Following }

// Failing reports whether a person has to do something.
func (s Status) Failing() bool { return s.State == Off || s.State == Stuck }

const timeForm = "2006-01-02 15:04:05 UTC"

// idleAfter is how long after the newest transaction the server counts as idle.
const idleAfter = 2 * askEvery

// board keeps the status.
type board struct {
	archive *Archive
	notice  func(Status)

	mu     sync.Mutex
	status Status
	// read is when the newest transaction was made durable, written when the status
	// was last written down.
	read, written time.Time
}

// Status tells where the collector stands.
func (c *Collector) Status() Status { return c.board.told() }

func (b *board) told() Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	s, now := b.status, time.Now()
	switch {
	case s.State == "":
		s.State = Checking
	case s.State == Stuck && !b.read.IsZero():
		s.Lag = now.Sub(b.read).Seconds()
	case s.State == Stuck:
		s.Lag = now.Sub(s.Since).Seconds()
	case now.Sub(b.read) > idleAfter:
		s.Lag = 0
	}
	return s
}

// set notes a state, and tells of it if it is another than before.
func (b *board) set(state State, reason string) {
	b.mu.Lock()
	changed := b.status.State != state
	if changed {
		b.status.Since = time.Now().UTC()
	}
	b.status.State, b.status.Reason = state, reason
	due := changed || time.Since(b.written) >= writeEvery
	if due {
		b.written = time.Now()
	}
	b.mu.Unlock()
	told := b.told()
	if due {
		// It is for people who ask without the daemon, and the next one is soon.
		_ = disk.WriteJSON(filepath.Join(b.archive.State, statusName), told)
	}
	if changed {
		b.notice(told)
	}
}

func (b *board) fail(err error) { b.set(Stuck, err.Error()) }

// durable notes what was read at once and is on the disk now.
func (b *board) durable(oldest, newest *binlog.Group, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.read = now
	b.status.GTID, b.status.Committed = newest.GTID.String(), newest.Time
	// Transactions tell their time in whole seconds.
	b.status.Lag = max(0, now.Sub(oldest.Time.Add(time.Second)).Seconds())
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
	if s.Transactions > 0 {
		if b.status.Oldest.IsZero() {
			b.status.Oldest = s.FirstTime
		}
		b.status.Newest = s.LastTime
	}
}
