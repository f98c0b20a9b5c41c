package binlog

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// set is a set of MySQL's GTIDs, in the order of their sources; none of them is
// there without a number.
type set []numbers

// numbers are those of one source that were seen: spans in order, of which no two
// touch.
type numbers struct {
	source string
	spans  []span
}

// span is the numbers from first to last.
type span struct{ first, last uint64 }

func (s set) find(source string) (at int, found bool) {
	return slices.BinarySearchFunc(s, source, func(n numbers, source string) int { return strings.Compare(n.source, source) })
}

// clone returns a copy of which the numbers of one source can be changed.
func (s set) clone(source string) set {
	s = slices.Clone(s)
	if at, found := s.find(source); found {
		s[at].spans = slices.Clone(s[at].spans)
	}
	return s
}

func (s *set) add(source string, more span) {
	at, found := s.find(source)
	if !found {
		*s = slices.Insert(*s, at, numbers{source: source})
	}
	spans := (*s)[at].spans
	// Those that it touches become one with it.
	from, _ := slices.BinarySearchFunc(spans, more.first, func(own span, first uint64) int {
		if own.last+1 < first {
			return -1
		}
		return 1
	})
	to := from
	for ; to < len(spans) && spans[to].first <= more.last+1; to++ {
		more.first, more.last = min(more.first, spans[to].first), max(more.last, spans[to].last)
	}
	(*s)[at].spans = slices.Replace(spans, from, to, more)
}

func (s set) has(source string, some span) bool {
	at, found := s.find(source)
	return found && slices.ContainsFunc(s[at].spans, func(own span) bool { return own.first <= some.first && some.last <= own.last })
}

func (s set) contains(other set) bool {
	for _, n := range other {
		for _, some := range n.spans {
			if !s.has(n.source, some) {
				return false
			}
		}
	}
	return true
}

func (s set) equal(other set) bool {
	return slices.EqualFunc(s, other, func(a, b numbers) bool { return a.source == b.source && slices.Equal(a.spans, b.spans) })
}

// String is as MySQL writes a set: UUID:1-5:7:TAG:1,UUID:3.
func (s set) String() string {
	var b strings.Builder
	before := ""
	for _, n := range s {
		uuid, tag, tagged := strings.Cut(n.source, ":")
		switch {
		case uuid != before && before != "":
			b.WriteString("," + uuid)
		case uuid != before:
			b.WriteString(uuid)
		}
		before = uuid
		if tagged {
			b.WriteString(":" + tag)
		}
		for _, own := range n.spans {
			b.WriteString(":" + strconv.FormatUint(own.first, 10))
			if own.last > own.first {
				b.WriteString("-" + strconv.FormatUint(own.last, 10))
			}
		}
	}
	return b.String()
}

var (
	uuidForm = regexp.MustCompile(`^` + uuidText + `$`)
	tagForm  = regexp.MustCompile(`^` + tagText + `$`)
)

// parse adds what a server writes of one UUID.
func (s *set) parse(text string) error {
	parts := strings.Split(strings.ToLower(text), ":")
	source := strings.TrimSpace(parts[0])
	if !uuidForm.MatchString(source) {
		return noSet(text)
	}
	uuid, counted := source, false
	for _, part := range parts[1:] {
		if part = strings.TrimSpace(part); tagForm.MatchString(part) {
			source = uuid + ":" + part
			continue
		}
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		from, err := strconv.ParseUint(first, 10, 63)
		to, errTo := strconv.ParseUint(last, 10, 63)
		if err != nil || errTo != nil || from == 0 || to < from {
			return noSet(text)
		}
		s.add(source, span{from, to})
		counted = true
	}
	if !counted {
		return noSet(text)
	}
	return nil
}

func noSet(text string) error {
	return fmt.Errorf("%.80q is no set of MySQL's GTIDs, such as 3e11fa47-71ca-11e1-9e33-c80aa9429562:1-4711", text)
}
