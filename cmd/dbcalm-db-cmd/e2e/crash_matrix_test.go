package e2e

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// strikeRecord is one kill and what was open when it struck.
type strikeRecord struct {
	kind killKind
	// point is the named place struck at; empty for a random time.
	point  string
	states map[string]operationState
}

// cell counts what became of the operations in a state after a kill of a
// kind.
type cell struct{ carried, again, failed, cancelled int }

func (c cell) String() string {
	if c == (cell{}) {
		return ""
	}
	var parts []string
	for _, p := range []struct {
		n    int
		name string
	}{{c.carried, "on"}, {c.again, "again"}, {c.failed, "failed"}, {c.cancelled, "cancelled"}} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.name))
		}
	}
	return strings.Join(parts, ", ")
}

// matrix is the crash matrix: state × kill: outcomes.
type matrix struct {
	sync.Mutex
	kills int
	cells map[string]map[killKind]*cell
	// seed is that of the run's first rounds.
	seed  uint64
	begun time.Time
}

func newMatrix(seed uint64) *matrix {
	return &matrix{cells: map[string]map[killKind]*cell{}, seed: seed, begun: time.Now()}
}

// add counts a round's kills. Whether an operation went on in the same attempt
// is seen at the next kill, or at the end.
func (m *matrix) add(strikes []strikeRecord, final map[string]operationState) {
	m.Lock()
	defer m.Unlock()
	m.kills += len(strikes)
	for i, s := range strikes {
		for id, before := range s.states {
			after := final[id]
			if i+1 < len(strikes) {
				if next, open := strikes[i+1].states[id]; open {
					after = next
				}
			}
			row := rowName(before)
			if m.cells[row] == nil {
				m.cells[row] = map[killKind]*cell{}
			}
			if m.cells[row][s.kind] == nil {
				m.cells[row][s.kind] = &cell{}
			}
			m.cells[row][s.kind].count(before, after)
		}
	}
}

func (c *cell) count(before, after operationState) {
	switch {
	case after.status == "failed":
		c.failed++
	case after.status == "cancelled":
		c.cancelled++
	case after.attempt > before.attempt:
		c.again++
	default:
		c.carried++
	}
}

// rowName names a row; the two kinds of backup share theirs.
func rowName(o operationState) string {
	name := strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(o.machine, "full_"), "incremental_"), "_backup")
	return name + ": " + o.state
}

// rowOrder lists the states as operations pass them.
var rowOrder = []string{"queued", "validate", "check", "retrieve", "stage", "unpack", "prepare", "apply", "arrange", "place", "examine",
	"clean", "reserve", "stream", "copy", "compress", "seal", "publish", "retire", "erase", "record", "discard"}

// String writes the matrix as a Markdown table.
func (m *matrix) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d kills struck within %.0f minutes (CRASH_SEED=%d), each with several operations open. A cell counts the\n"+
		"operations that were in the state: went *on* in the same attempt, began *again* by themselves, *failed* cleanly, were\n"+
		"*cancelled*.\n\n| state |", m.kills, time.Since(m.begun).Minutes(), m.seed)
	for _, k := range killKinds {
		fmt.Fprintf(&b, " %s |", k)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(killKinds)) + "\n")
	var rows []string
	for row := range m.cells {
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b string) int {
		nameA, stateA, _ := strings.Cut(a, ": ")
		nameB, stateB, _ := strings.Cut(b, ": ")
		if nameA != nameB {
			return strings.Compare(nameA, nameB)
		}
		return slices.Index(rowOrder, stateA) - slices.Index(rowOrder, stateB)
	})
	for _, row := range rows {
		fmt.Fprintf(&b, "| %s |", row)
		for _, k := range killKinds {
			text := ""
			if c := m.cells[row][k]; c != nil {
				text = c.String()
			}
			fmt.Fprintf(&b, " %s |", text)
		}
		b.WriteString("\n")
	}
	return b.String()
}
