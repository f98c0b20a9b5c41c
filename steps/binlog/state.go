package binlog

import (
	"cmp"
	"slices"
	"strings"
)

// State is what a binary log has seen. Of MariaDB it is of each domain the last
// GTID of every server, the one that is the domain's last at the end; of MySQL it
// is the set of all GTIDs. The zero value has seen nothing.
type State struct {
	list []GTID
	set  set
}

// ParseState reads what State.String, MariaDB's variable gtid_binlog_state or
// MySQL's gtid_executed has written.
func ParseState(text string) (State, error) {
	var s State
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		if strings.Contains(part, ":") {
			if err := s.set.parse(part); err != nil {
				return State{}, err
			}
			continue
		}
		g, err := ParseGTID(part)
		if err != nil {
			return State{}, err
		}
		s.Add(g)
	}
	return s, nil
}

// IsSet reports whether it tells of each transaction whether that was seen, as
// MySQL's do.
func (s State) IsSet() bool { return len(s.set) > 0 }

// Add notes the next transaction. Copies of the state from before stay as they are.
func (s *State) Add(g GTID) {
	if g.Source != "" {
		s.set = s.set.clone(g.Source)
		s.set.add(g.Source, span{g.Seq, g.Seq})
		return
	}
	// The one of the domain that is last now has a place after all others of its own.
	s.list = slices.DeleteFunc(slices.Clone(s.list), func(old GTID) bool { return old.Domain == g.Domain && old.Server == g.Server })
	at := len(s.list)
	for i, other := range s.list {
		if other.Domain > g.Domain {
			at = i
			break
		}
	}
	s.list = slices.Insert(s.list, at, g)
}

// Position is the last GTID of each domain of MariaDB, in the order of domains, as
// gtid_binlog_pos has it.
func (s State) Position() []GTID {
	var last []GTID
	for i, g := range s.list {
		if i+1 == len(s.list) || s.list[i+1].Domain != g.Domain {
			last = append(last, g)
		}
	}
	return last
}

// Last returns the last GTID of a domain.
func (s State) Last(domain uint32) (GTID, bool) {
	for _, g := range s.Position() {
		if g.Domain == domain {
			return g, true
		}
	}
	return GTID{}, false
}

// Has reports whether a transaction was seen: of MariaDB, this or a later one of
// the domain's server.
func (s State) Has(g GTID) bool {
	if g.Source != "" {
		return s.set.has(g.Source, span{g.Seq, g.Seq})
	}
	return slices.ContainsFunc(s.list, func(own GTID) bool {
		return own.Domain == g.Domain && own.Server == g.Server && own.Seq >= g.Seq
	})
}

// Equal reports whether both have seen the same.
func (s State) Equal(other State) bool {
	if !slices.Equal(s.Position(), other.Position()) || !s.set.equal(other.set) {
		return false
	}
	order := func(a, b GTID) int {
		return cmp.Or(cmp.Compare(a.Domain, b.Domain), cmp.Compare(a.Server, b.Server), cmp.Compare(a.Seq, b.Seq))
	}
	return slices.Equal(slices.SortedFunc(slices.Values(s.list), order), slices.SortedFunc(slices.Values(other.list), order))
}

// Contains reports whether all that another has seen was seen here, of MariaDB by
// the numbers of each domain's servers.
func (s State) Contains(other State) bool {
	for _, g := range other.list {
		if !s.Has(g) {
			return false
		}
	}
	return s.set.contains(other.set)
}

func (s State) String() string {
	if s.IsSet() {
		return s.set.String()
	}
	return join(s.list)
}

// PositionText is Position as the server's variables have it, or MySQL's set.
func (s State) PositionText() string {
	if s.IsSet() {
		return s.set.String()
	}
	return join(s.Position())
}

func join(list []GTID) string {
	parts := make([]string, len(list))
	for i, g := range list {
		parts[i] = g.String()
	}
	return strings.Join(parts, ",")
}
