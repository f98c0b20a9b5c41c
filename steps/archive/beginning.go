package archive

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"dbcalm-db-cmd/steps/binlog"
	"dbcalm-db-cmd/steps/server"
)

// beginning is the place in a chain at which a backup's data stands.
type beginning struct {
	at server.Position
	// has is what the backup's data has seen: of MySQL it tells of each transaction
	// whether it is in there, of MariaDB only the last ones.
	has binlog.State
	// segment is the number of the segment that the place lies in.
	segment uint64
}

// offset is where in its file the place is.
func (b beginning) offset() int64 {
	// #nosec G115 -- no file has 2^63 bytes
	return int64(b.at.Offset)
}

// locate finds the segment in which the position of a backup lies, which was ended
// at a time: in the newest file of that name that there was by then.
func (c *Chain) locate(at server.Position, taken time.Time) (b beginning, index int, err error) {
	b.at = at
	if b.has, err = binlog.ParseState(at.GTID); err != nil {
		return b, 0, fmt.Errorf("read the backup's place in the binary log: %w", err)
	}
	for i, s := range slices.Backward(c.Segments) {
		if s.File != at.File || b.offset() > s.To || b.offset() <= s.From && s.From > 0 {
			continue
		}
		format, err := s.format()
		if err != nil {
			return b, 0, err
		}
		if b.segment = s.Number; b.fits(s) && !format.Created.After(taken) {
			return b, i, nil
		}
	}
	where := "it is empty"
	if len(c.Segments) > 0 {
		where = fmt.Sprintf("it begins with %s at %d", c.Segments[0].File, c.Segments[0].From)
	}
	if len(c.Problems) > 0 {
		where += "; " + strings.Join(c.Problems, "; ")
	}
	return b, 0, fmt.Errorf("%w: it does not have the backup's place in the binary log, %s (%s): restore a backup that is newer "+
		"than the archive's beginning, or without a moment", ErrOutside, at, where)
}

// fits reports whether the backup's GTIDs can be those of a place in the segment. A
// MySQL may count more than its log has seen, as what a restore began with.
func (b beginning) fits(s *Segment) bool {
	if s.before.IsSet() {
		return b.has.Contains(s.before)
	}
	for _, g := range b.has.Position() {
		low, lowFound := s.before.Last(g.Domain)
		high, highFound := s.after.Last(g.Domain)
		if lowFound && g.Seq < low.Seq || highFound && g.Seq > high.Seq {
			return false
		}
	}
	return true
}

// precedes reports whether a transaction comes after the place: it is not in the
// backup's data.
func (b beginning) precedes(s *Segment, g *binlog.Group) bool {
	if b.has.IsSet() {
		return !b.has.Has(g.GTID)
	}
	return s.Number > b.segment || g.Offset >= b.offset()
}

// stands returns what the data has seen where the log has seen state.
func (b beginning) stands(state binlog.State) binlog.State {
	if b.has.IsSet() {
		return b.has
	}
	return state
}

// agrees checks that the place lies between two transactions, and that the backup
// counts those as its own that come before it, and no other. State is what the log
// has seen before the transaction.
func (b beginning) agrees(s *Segment, g *binlog.Group, state binlog.State) error {
	earlier, later := s.Number == b.segment && g.End <= b.offset(), s.Number > b.segment || g.Offset >= b.offset()
	switch {
	case b.has.IsSet():
		// A place that MySQL before 8.0.42 tells may lie within a transaction: its GTID
		// says which side of it that is on.
		if has := b.has.Has(g.GTID); earlier && !has || later && has {
			return fmt.Errorf("%w: the backup's place, %s, is one of another history: the archive has %s at %d of %s", ErrOutside, b.at,
				g.GTID, g.Offset, s.File)
		}
		return nil
	case earlier:
		return nil
	case !later:
		return fmt.Errorf("%w: the backup's place, %s, lies within the transaction %s", ErrOutside, b.at, g.GTID)
	}
	for _, own := range state.Position() {
		if told, found := b.has.Last(own.Domain); b.at.GTID != "" && found && told.Seq != own.Seq {
			return fmt.Errorf("%w: the backup's place, %s, is one of another history: the archive has %s there",
				ErrOutside, b.at, state.PositionText())
		}
	}
	return nil
}
