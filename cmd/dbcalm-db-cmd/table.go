package main

import (
	"slices"
	"strings"
	"unicode/utf8"

	"dbcalm-db-cmd/steps/printable"
)

// table lays rows out in aligned columns, two spaces between them, with no
// space at a line's end.
type table struct {
	header []string
	// right lists the columns that are aligned to the right.
	right []int
	// indent goes before every line.
	indent string
	// paint, if there is one, colours the cells of a column once all is laid
	// out.
	paint map[int]func(string) string
	rows  [][]string
}

// add makes a row of cells, each of them one line.
func (t *table) add(cells ...string) {
	row := make([]string, len(cells))
	for i, cell := range cells {
		row[i] = oneLine(cell)
	}
	t.rows = append(t.rows, row)
}

func (t *table) String() string {
	rows := append([][]string{t.header}, t.rows...)
	widths := make([]int, len(t.header))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for n, row := range rows {
		var line strings.Builder
		line.WriteString(t.indent)
		for i, cell := range row {
			padding := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if paint := t.paint[i]; paint != nil && n > 0 {
				cell = paint(cell)
			}
			if slices.Contains(t.right, i) {
				line.WriteString(padding + cell + "  ")
			} else {
				line.WriteString(cell + padding + "  ")
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return b.String()
}

// oneLine keeps a text of several lines to the one it has.
func oneLine(cell string) string {
	return strings.NewReplacer("\n", " ", "\t", " ").Replace(printable.Text(cell))
}

// dropLast takes the last column away.
func (t *table) dropLast() {
	t.header = t.header[:len(t.header)-1]
	for i, row := range t.rows {
		t.rows[i] = row[:len(t.header)]
	}
}
