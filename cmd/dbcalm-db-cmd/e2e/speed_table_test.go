//go:build speed

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// The rows of the table that compare times.
const (
	rowDirectory = "full backup, directory"
	rowZstd      = "full backup, `compression: zstd`"
	rowStream    = "full backup, zstd stream"
	rowRestore   = "restore of a full backup"
	rowChain     = "restore of a full backup and 5 incrementals"
	rowClone     = "restore, on a file system that clones (XFS)"
	rowCloned    = "restore of a chain, on a file system that clones (XFS)"
	rowUnpack    = "restore of a zstd stream"
	rowVerify    = "verify, checksum"
	rowTables    = "full backup of small tables"
	rowPlaced    = "restore of small tables"
)

// speedRows says what each is compared with, and the part of that time it is to
// take at most. What the bare tools do ends with `sync -f`.
var speedRows = []struct {
	name, against string
	goal          float64
}{
	{rowDirectory, "the tool", 1.10},
	{rowZstd, "the tool, `zstd -T0` of each file", 0.70},
	{rowStream, "`tool --stream=xbstream \\| zstd -T0`", 0.75},
	{rowRestore, "`cp -r`, `--prepare`, `--copy-back`", 0.30},
	{rowChain, "the same, each applied in turn", 0.40},
	{rowClone, "the same", 0.15},
	{rowCloned, "the same", 0.15},
	{rowUnpack, "`zstd -d \\| mbstream -x`, `--prepare`, `--copy-back`", 0.40},
	{rowVerify, "`sha256sum` of one file after another", 0.25},
	{rowTables, "the tool", 1.15},
	{rowPlaced, "`cp -r`, `--prepare`, `--copy-back`", 0.40},
}

// speedTable is what was measured.
type speedTable struct {
	mebibytes, rounds int
	// machine is what it was measured on; load that machine's when the run began,
	// and loadNow after what was measured last.
	machine, load, loadNow string
	// cells are those of a row, by what the rows of the database hold.
	cells map[string][]string
	// notes are sentences below the table.
	notes []string
}

// add notes the two medians of a row.
func (s *speedTable) add(row, set string, ours, bare time.Duration) {
	cell := fmt.Sprintf("%.2f (%s / %s)", ours.Seconds()/bare.Seconds(), seconds(ours), seconds(bare))
	if set != "" {
		cell = set + ": " + cell
	}
	s.note(row, cell)
}

// note adds a cell to a row.
func (s *speedTable) note(row, cell string) {
	if s.cells == nil {
		s.cells = map[string][]string{}
	}
	s.cells[row] = append(s.cells[row], cell)
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

// text is the table as Markdown.
func (s *speedTable) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s; %d MiB, medians of %d rounds, each with all on the disk. "+
		"The machine's load was %s when they began, and %s at the end.\n\n",
		s.machine, s.mebibytes, s.rounds, s.load, s.loadNow)
	b.WriteString("| What | Against | Goal | Measured: ratio (time / time of the other) |\n|---|---|---|---|\n")
	for _, row := range speedRows {
		cells := s.cells[row.name]
		if len(cells) == 0 {
			cells = []string{"not in this run"}
		}
		fmt.Fprintf(&b, "| %s | %s | ≤ %.2f | %s |\n", row.name, row.against, row.goal, strings.Join(cells, "; "))
	}
	b.WriteString("\n")
	slices.Sort(s.notes)
	for _, note := range s.notes {
		fmt.Fprintf(&b, "- %s\n", note)
	}
	return b.String()
}
