package binlog

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// GTID names one transaction of MariaDB.
type GTID struct {
	Domain, Server uint32
	Seq            uint64
}

func (g GTID) String() string { return fmt.Sprintf("%d-%d-%d", g.Domain, g.Server, g.Seq) }

// ParseGTID reads DOMAIN-SERVER-NUMBER.
func ParseGTID(text string) (GTID, error) {
	parts := strings.Split(text, "-")
	var numbers [3]uint64
	for i, bits := range []int{32, 32, 64} {
		var err error
		if len(parts) == len(numbers) {
			numbers[i], err = strconv.ParseUint(parts[i], 10, bits)
		}
		if err != nil || len(parts) != len(numbers) {
			return GTID{}, fmt.Errorf("%.80q is no GTID of MariaDB: write DOMAIN-SERVER-NUMBER, such as 0-1-4711", text)
		}
	}
	// #nosec G115 -- parsed with these sizes
	return GTID{Domain: uint32(numbers[0]), Server: uint32(numbers[1]), Seq: numbers[2]}, nil
}

// State is what a binary log has seen: of each domain the last GTID of every
// server, the one that is the domain's last at the end. The zero value has seen
// nothing.
type State struct{ list []GTID }

// ParseState reads what State.String or the variable gtid_binlog_state has
// written.
func ParseState(text string) (State, error) {
	var s State
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
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

// Add notes the next transaction.
func (s *State) Add(g GTID) {
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

// Position is the last GTID of each domain, in the order of domains, as
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

// Equal reports whether both have seen the same.
func (s State) Equal(other State) bool {
	if !slices.Equal(s.Position(), other.Position()) {
		return false
	}
	order := func(a, b GTID) int {
		return cmp.Or(cmp.Compare(a.Domain, b.Domain), cmp.Compare(a.Server, b.Server), cmp.Compare(a.Seq, b.Seq))
	}
	return slices.Equal(slices.SortedFunc(slices.Values(s.list), order), slices.SortedFunc(slices.Values(other.list), order))
}

// Contains reports whether all that another has seen was seen here, by the numbers
// of each domain's servers.
func (s State) Contains(other State) bool {
	for _, g := range other.list {
		if !slices.ContainsFunc(s.list, func(own GTID) bool {
			return own.Domain == g.Domain && own.Server == g.Server && own.Seq >= g.Seq
		}) {
			return false
		}
	}
	return true
}

func (s State) String() string { return join(s.list) }

// PositionText is Position as the server's variables have it.
func (s State) PositionText() string { return join(s.Position()) }

func join(list []GTID) string {
	parts := make([]string, len(list))
	for i, g := range list {
		parts[i] = g.String()
	}
	return strings.Join(parts, ",")
}

// The list of GTIDs at a file's start: a number of entries with flags in its
// highest bits, then the entries.
const (
	gtidListFlags = 0xf0000000
	gtidListEntry = 16
)

func parseGTIDList(e *event) (State, error) {
	var s State
	if len(e.body) < 4 {
		return s, broken(e.offset, "a list of GTIDs of %d bytes", len(e.body))
	}
	n := int64(binary.LittleEndian.Uint32(e.body) &^ gtidListFlags)
	rest := e.body[4:]
	if n*gtidListEntry > int64(len(rest)) {
		return s, broken(e.offset, "a list of %d GTIDs in %d bytes", n, len(rest))
	}
	for ; n > 0; n, rest = n-1, rest[gtidListEntry:] {
		s.Add(GTID{Domain: binary.LittleEndian.Uint32(rest), Server: binary.LittleEndian.Uint32(rest[4:]),
			Seq: binary.LittleEndian.Uint64(rest[8:])})
	}
	return s, nil
}
