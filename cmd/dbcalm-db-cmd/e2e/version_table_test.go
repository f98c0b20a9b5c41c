//go:build matrix

package e2e

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/server"
)

// versionTable is the table of the newest runs, of which one may have been of some rows
// and some servers only.
type versionTable struct {
	// columns are the servers, such as "MariaDB 10.11.19".
	columns []string
	// cells are the verdicts, by row and column.
	cells map[string]string
}

// readVersions reads what earlier runs have left; empty for no path.
func readVersions(t *testing.T, path string) *versionTable {
	t.Helper()
	m := &versionTable{cells: map[string]string{}}
	text, err := os.ReadFile(path)
	if path == "" || errors.Is(err, fs.ErrNotExist) {
		return m
	}
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		row := strings.Split(strings.Trim(line, "| "), " | ")
		switch {
		case i == 0:
			m.columns = row[1:]
		case i > 1:
			for n, cell := range row[1:] {
				m.cells[row[0]+m.columns[n]] = cell
			}
		}
	}
	return m
}

// add makes room for a server. What was tried on another version of its series does
// not go for it.
func (m *versionTable) add(column string) {
	if slices.Contains(m.columns, column) {
		return
	}
	product, _, _ := strings.Cut(column, " ")
	m.columns = slices.DeleteFunc(m.columns, func(other string) bool {
		return strings.HasPrefix(other, product+" ") && server.Series(other) == server.Series(column)
	})
	m.columns = append(m.columns, column)
	slices.SortFunc(m.columns, func(a, b string) int {
		inA, versionA, _ := strings.Cut(a, " ")
		inB, versionB, _ := strings.Cut(b, " ")
		numbers := func(version string) (list []int) {
			for part := range strings.SplitSeq(version, ".") {
				n, _ := strconv.Atoi(part)
				list = append(list, n)
			}
			return list
		}
		return cmp.Or(strings.Compare(inA, inB), slices.Compare(numbers(versionA), numbers(versionB)))
	})
}

// String writes it as Markdown, with the rows there are.
func (m *versionTable) String() string {
	var b strings.Builder
	line := func(row []string) { b.WriteString("| " + strings.Join(row, " | ") + " |\n") }
	line(append([]string{"What is tried"}, m.columns...))
	b.WriteString("|" + strings.Repeat("---|", len(m.columns)+1) + "\n")
	for _, r := range rungs {
		row := []string{r.about}
		for _, column := range m.columns {
			row = append(row, cmp.Or(m.cells[r.about+column], nothing))
		}
		line(row)
	}
	return b.String()
}
