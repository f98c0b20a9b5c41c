package archive

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"dbcalm-db-cmd/steps/binlog"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/server"
)

// Plan says what is applied to a restored backup, to bring it to a moment.
type Plan struct {
	Moment string `json:"moment"`
	// Start is where the backup's data stands, From what the log had seen there.
	Start server.Position `json:"start"`
	From  string          `json:"from"`
	// FirstSegment and LastSegment are those that hold it all; Sum is that of the last one's
	// manifest, from which the hashes lead back to the first.
	FirstSegment uint64 `json:"first_segment,omitempty"`
	LastSegment  uint64 `json:"last_segment,omitempty"`
	Sum          string `json:"sum,omitempty"`
	// File and End are where the last transaction that is kept ends.
	File string `json:"file"`
	End  int64  `json:"end"`
	// GTID is what the log has seen there.
	GTID         string `json:"gtid"`
	Transactions int    `json:"transactions"`
	// Size is that of what is applied, in bytes; Stored that of the segments.
	Size   int64 `json:"size"`
	Stored int64 `json:"stored"`
	// Seconds is how long that takes if it goes as fast as the last time; 0 where it
	// was never done.
	Seconds float64 `json:"seconds,omitempty"`
	// Last is the last transaction that is kept, nil for none; Next the first that
	// is left out, nil where the archive has none.
	Last *Transaction `json:"last,omitempty"`
	Next *Transaction `json:"next,omitempty"`
	// Notes are what is to be known before it is done.
	Notes []string `json:"notes,omitempty"`
}

// Transaction is one of the log, for people.
type Transaction struct {
	GTID  string    `json:"gtid"`
	Time  time.Time `json:"time"`
	Query string    `json:"query,omitempty"`
	// Tables are those that it changes, the first few.
	Tables []string `json:"tables,omitempty"`
}

func transaction(g *binlog.Group) *Transaction {
	return &Transaction{GTID: g.GTID.String(), Time: g.Time, Query: g.Query, Tables: g.Tables}
}

// ErrOutside: the archive cannot bring a backup to the moment.
var ErrOutside = errors.New("the archive does not reach from the backup to that moment")

// futureMargin is how much later than it was read a transaction may say that it was
// committed, before it counts as dated in the future.
const futureMargin = 2 * time.Second

// chooser looks at the transactions of a range in order, and finds the last one
// that is to be kept.
type chooser struct {
	moment Moment
	plan   *Plan
	// cut: the last one has been found.
	cut bool
	// counts of what is worth a note.
	future, older, statements, incidents int
	// olderLater: some of those that were not looked at are as old as those kept.
	olderLater bool
	// backward and unsafe are the first of their kind.
	backward, unsafe string
	latest           time.Time
}

// take looks at the next transaction and reports whether it is kept.
func (c *chooser) take(s *Segment, g *binlog.Group) bool {
	if c.cut {
		if c.plan.Next == nil {
			c.plan.Next = transaction(g)
		}
		if !c.moment.Time.IsZero() && !g.Time.After(c.moment.Time) {
			c.older++
		}
		return false
	}
	future := g.Time.After(s.ReadAt.Add(futureMargin))
	if c.ends(s, g, future) {
		c.cut, c.plan.Next = true, transaction(g)
		return false
	}
	switch {
	case future:
		c.future++
	case g.Time.Before(c.latest) && c.backward == "":
		c.backward = g.GTID.String()
	}
	if !future && g.Time.After(c.latest) {
		c.latest = g.Time
	}
	if g.Statements > 0 {
		c.statements++
	}
	if g.Unsafe && c.unsafe == "" {
		c.unsafe = g.GTID.String()
	}
	if g.Incident {
		c.incidents++
	}
	p := c.plan
	p.Last, p.File, p.End = transaction(g), s.File, g.End
	p.Transactions++
	p.Size += g.End - g.Offset
	// The one that was asked for is the last.
	c.cut = c.moment.GTID != nil && *c.moment.GTID == g.GTID
	return true
}

// ends reports whether a transaction is the first to be left out. One that claims
// to be of a time after it was read says nothing of when it was.
func (c *chooser) ends(s *Segment, g *binlog.Group, future bool) bool {
	switch {
	case c.moment.File != "":
		return s.File == c.moment.File && g.End > c.moment.Offset
	case !c.moment.Time.IsZero():
		return !future && g.Time.After(c.moment.Time)
	}
	return false
}

// pass looks at the manifest of a segment that is left out.
func (c *chooser) pass(s *Segment) {
	if to := c.moment.Time; !to.IsZero() && s.Transactions > 0 && (!s.FirstTime.After(to) || !s.LastTime.After(to)) {
		c.olderLater = true
	}
}

// notes says what is to be known of the transactions.
func (c *chooser) notes() []string {
	var notes []string
	add := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }
	if c.future > 0 {
		add("dated in the future, by a client or a clock: %s; where they come in the log counts, and they are kept",
			disk.Count(c.future, "transaction"))
	}
	if c.backward != "" {
		add("the server's clock, or a client's, went back at %s: times before and after it come twice; name a GTID to be exact", c.backward)
	}
	if c.older > 0 || c.olderLater {
		many := "some"
		if c.older > 0 {
			many = strconv.Itoa(c.older)
		}
		add("%s of the transactions left out are dated at or before the moment: the clock went back; name a GTID to be exact", many)
	}
	if c.statements > 0 {
		add("logged as statements, not rows: %s; one whose effect depends on more than the data may do other things than it did",
			disk.Count(c.statements, "transaction"))
	}
	if c.unsafe != "" {
		add("some of these statements are unsafe to replay by their words, such as LIMIT without an order, or UUID(): the first is of %s; "+
			"compare the tables that they change", c.unsafe)
	}
	if c.incidents > 0 {
		add("told of an incident, at which the server lost part of its log: %s", disk.Count(c.incidents, "transaction"))
	}
	return notes
}
