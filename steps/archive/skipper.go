package archive

import "dbcalm-db-cmd/steps/binlog"

// skipper tells which of a plan's transactions have been applied already. They are
// asked for in order, each once.
type skipper struct {
	// last has, by domain, the last one of MariaDB that was.
	last map[uint32]binlog.GTID
	// applied and passed are sets of MySQL: what was applied, and what lies before the
	// transaction that is asked for next.
	applied, passed binlog.State
}

// newSkipper is for a plan that begins at a state, after which a replica has applied
// what brought it to another.
func newSkipper(from, applied binlog.State) *skipper {
	s := &skipper{last: map[uint32]binlog.GTID{}, applied: applied, passed: from}
	for _, g := range applied.Position() {
		if before, found := from.Last(g.Domain); !found || before != g {
			s.last[g.Domain] = g
		}
	}
	return s
}

func (s *skipper) skips(g binlog.GTID) bool {
	if g.Source != "" {
		s.passed.Add(g)
		return s.applied.Has(g)
	}
	last, skipped := s.last[g.Domain]
	if last == g && skipped {
		delete(s.last, g.Domain)
	}
	return skipped
}

// complete reports whether all that was applied is before the plan, or was asked for.
func (s *skipper) complete() bool {
	return len(s.last) == 0 && (!s.applied.IsSet() || s.passed.Contains(s.applied))
}
