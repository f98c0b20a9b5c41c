//go:build speed

package e2e

import (
	"cmp"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/human"
)

// growth is how the times grow with the data.
type growth struct {
	machine string
	sizes   []grownSize
}

// grownSize is what was measured with so much data.
type grownSize struct {
	mebibytes, rounds int
	// took are our time and that of the bare tools, by row.
	took map[string][2]time.Duration
	// daemon and supervisor are the most memory that they had resident, in KiB.
	daemon, supervisor int
}

// grownRows are the rows that are measured at each size.
var grownRows = []string{rowDirectory, rowVerify, rowRestore}

// TestGrowth measures the same at several sizes of the data, and what each GiB more
// takes. GROWTH lists them as MEBIBYTESxROUNDS, from the smallest to the largest.
// GROWTH_OUT is a file to which the table is written.
func TestGrowth(t *testing.T) {
	g := &growth{machine: machine(t)}
	for _, size := range strings.Fields(cmp.Or(os.Getenv("GROWTH"), "64x1 128x1")) {
		table := &speedTable{}
		if _, err := fmt.Sscanf(size, "%dx%d", &table.mebibytes, &table.rounds); err != nil || table.mebibytes < 1 || table.rounds < 1 {
			t.Fatalf("GROWTH: %q is no MEBIBYTESxROUNDS", size)
		}
		t.Run(size, func(t *testing.T) { newSpeed(t, table, speedSets[0].name, "").grow(g, speedSets[0].value) })
		if t.Failed() {
			return
		}
	}
	text := g.text()
	fmt.Print("\n", text)
	writeMeasured(t, os.Getenv("GROWTH_OUT"), text)
}

// grow measures one size.
func (s *speed) grow(g *growth, value string) {
	s.t.Helper()
	size := grownSize{mebibytes: s.table.mebibytes, rounds: s.table.rounds, took: map[string][2]time.Duration{}}
	fillForSpeed(s.db, value, s.table.mebibytes)
	s.start()
	size.took[rowDirectory] = s.compare(rowDirectory, s.timedBackup, func() { s.shell(bareBackup + bareSync) })
	size.daemon, size.supervisor = s.memory()
	s.operation(func() string { return s.full("full") })
	size.took[rowVerify] = s.verified("full")
	s.db.Stop()
	size.took[rowRestore] = s.restores(rowRestore, "", []string{"full"})
	g.sizes = append(g.sizes, size)
}

// far is the size that the table looks ahead to, in GiB.
const far = 10 << 10

// text is the table as Markdown.
func (g *growth) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s; compressible rows, each with all on the disk. Ours / the bare tools'.\n\n| What |", g.machine)
	for _, s := range g.sizes {
		fmt.Fprintf(&b, " %s (%d) |", human.Bytes(int64(s.mebibytes)<<20), s.rounds)
	}
	b.WriteString(" each GiB more | 10 TiB |\n|---|" + strings.Repeat("---|", len(g.sizes)+2) + "\n")
	small, large := g.sizes[0], g.sizes[len(g.sizes)-1]
	for _, row := range grownRows {
		fmt.Fprintf(&b, "| %s |", row)
		for _, s := range g.sizes {
			fmt.Fprintf(&b, " %s / %s |", seconds(s.took[row][0]), seconds(s.took[row][1]))
		}
		var more, then [2]time.Duration
		for i := range more {
			between := float64(large.mebibytes-small.mebibytes) / 1024
			more[i] = time.Duration(float64(large.took[row][i]-small.took[row][i]) / between)
			then[i] = large.took[row][i] + time.Duration(float64(more[i])*(far-float64(large.mebibytes)/1024))
		}
		fmt.Fprintf(&b, " %s / %s | %.1f h / %.1f h |\n", seconds(more[0]), seconds(more[1]), then[0].Hours(), then[1].Hours())
	}
	b.WriteString("| resident memory of daemon, supervisor |")
	for _, s := range g.sizes {
		fmt.Fprintf(&b, " %d MiB, %d MiB |", s.daemon>>10, s.supervisor>>10)
	}
	b.WriteString(" | |\n")
	return b.String()
}
