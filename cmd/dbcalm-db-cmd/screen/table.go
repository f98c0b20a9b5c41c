package screen

import (
	"slices"
	"strings"
	"unicode/utf8"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/human"
)

// Table lays rows out in aligned columns, two spaces between them, with no
// space at a line's end.
type Table struct {
	Header []string
	// Right lists the columns that are aligned to the right.
	Right []int
	// Indent goes before every line.
	Indent string
	// Paint, if there is one, colours the cells of a column once all is laid
	// out.
	Paint map[int]func(string) string
	rows  [][]string
}

// Add makes a row of cells, each of them one line.
func (t *Table) Add(cells ...string) {
	row := make([]string, len(cells))
	for i, cell := range cells {
		row[i] = human.OneLine(cell)
	}
	t.rows = append(t.rows, row)
}

func (t *Table) String() string {
	rows := append([][]string{t.Header}, t.rows...)
	widths := make([]int, len(t.Header))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for n, row := range rows {
		var line strings.Builder
		line.WriteString(t.Indent)
		for i, cell := range row {
			padding := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if paint := t.Paint[i]; paint != nil && n > 0 {
				cell = paint(cell)
			}
			if slices.Contains(t.Right, i) {
				line.WriteString(padding + cell + "  ")
			} else {
				line.WriteString(cell + padding + "  ")
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return b.String()
}

// DropLast takes the last column away.
func (t *Table) DropLast() {
	t.Header = t.Header[:len(t.Header)-1]
	for i, row := range t.rows {
		t.rows[i] = row[:len(t.Header)]
	}
}
