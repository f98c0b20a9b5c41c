package counts

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"dbcalm-db-cmd/steps/disk"
)

// FileName is the file of a backup that has its figures. Its manifest lists it;
// no server gives a file such a name, and it is not restored.
const FileName = "dbcalm-counts.json"

// Figure is what a table was counted at.
type Figure struct {
	Schema string `json:"schema"`
	Name   string `json:"name"`
	Rows   uint64 `json:"rows"`
	// Checksum is what CHECKSUM TABLE said; nil where it was not asked.
	Checksum *uint64 `json:"checksum,omitempty"`
}

// String is the table's name for people.
func (f Figure) String() string { return f.Schema + "." + f.Name }

// Figures are those of a backup.
type Figures struct {
	// Version is the server's that counted.
	Version string    `json:"version"`
	Taken   time.Time `json:"taken"`
	// Tables are those whose figures go for the backup.
	Tables []Figure `json:"tables"`
	// Left counts the others.
	Left map[Reason]int `json:"left,omitempty"`
	// Failed says why nothing was counted; empty if something was.
	Failed string `json:"failed,omitempty"`
}

// Keep writes them into a file, whole or not at all.
func (f Figures) Keep(path string) error {
	text, err := json.Marshal(f)
	if err == nil {
		err = disk.WriteDurably(path, append(text, '\n'), 0o640)
	}
	if err != nil {
		return fmt.Errorf("keep the figures of the tables: %w", err)
	}
	return nil
}

// MaxFile is how large the file of a backup can be, in bytes.
const MaxFile = maxKept

// ParseFigures reads what Keep has written.
func ParseFigures(text []byte) (f Figures, err error) {
	if err := json.Unmarshal(text, &f); err != nil {
		return f, fmt.Errorf("read the figures of the tables: %w", err)
	}
	return f, nil
}

// Sums counts the tables that have a checksum.
func (f Figures) Sums() int {
	n := 0
	for _, t := range f.Tables {
		if t.Checksum != nil {
			n++
		}
	}
	return n
}

// Describe says of how many tables there are figures, and why of others not.
func (f Figures) Describe() string {
	if f.Failed != "" {
		return "no rows were counted: " + f.Failed
	}
	text := fmt.Sprintf("rows counted of %s", OutOf(len(f.Tables), f.Left))
	if n := f.Sums(); n > 0 {
		text += fmt.Sprintf(", checksums taken of %d", n)
	}
	return text + DescribeLeft(f.Left)
}

// OutOf says how many of all tables there were.
func OutOf(n int, left map[Reason]int) string {
	all := n
	for _, others := range left {
		all += others
	}
	return fmt.Sprintf("%d of %d tables", n, all)
}

// DescribeLeft says why tables are left out; empty for none.
func DescribeLeft(left map[Reason]int) string {
	var parts []string
	for _, r := range reasons {
		if n := left[r.reason]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, r.text))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return " (without " + strings.Join(parts, ", ") + ")"
}

// order puts the tables in the order of their names.
func (f Figures) order() {
	slices.SortFunc(f.Tables, func(a, b Figure) int { return strings.Compare(a.Schema+"\x00"+a.Name, b.Schema+"\x00"+b.Name) })
}
