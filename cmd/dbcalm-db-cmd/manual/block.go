package manual

import "strings"

// kind is how the lines of a block are laid out.
type kind int

const (
	prose kind = iota // flows, as an item of a list does
	heading
	table
	code // keeps its lines, the fences among them
	blank
)

// block is a run of lines that belong together.
type block struct {
	kind  kind
	lines []string
}

// split takes Markdown apart, as far as the pages use it. Comments, which no
// reader sees, are left out.
func split(text string) []block {
	var blocks []block
	fenced := false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		words := strings.TrimSpace(line)
		fence := strings.HasPrefix(words, "```")
		switch {
		case fence && !fenced:
			fenced = true
			blocks = append(blocks, block{code, []string{line}})
		case fenced:
			fenced = !fence
			blocks = extend(blocks, code, line)
		case strings.HasPrefix(words, "<!--"):
		case words == "":
			blocks = extend(blocks, blank, line)
		case strings.HasPrefix(line, "#"):
			blocks = append(blocks, block{heading, []string{line}})
		case strings.HasPrefix(line, "|"):
			blocks = extend(blocks, table, line)
		case strings.HasPrefix(words, "- "):
			blocks = append(blocks, block{prose, []string{line}})
		default:
			blocks = extend(blocks, prose, line)
		}
	}
	return blocks
}

// extend adds a line to the last block if that is of its kind, else begins one.
func extend(blocks []block, k kind, line string) []block {
	if last := len(blocks) - 1; last >= 0 && blocks[last].kind == k {
		blocks[last].lines = append(blocks[last].lines, line)
		return blocks
	}
	return append(blocks, block{k, []string{line}})
}

// flow returns the lines of prose as one, without what it is indented by, and
// the columns by which its first line and the others are indented.
func (b block) flow() (text string, first, others int) {
	first = len(b.lines[0]) - len(strings.TrimLeft(b.lines[0], " "))
	words := make([]string, len(b.lines))
	for i, line := range b.lines {
		words[i] = strings.TrimSpace(line)
	}
	others = first
	if strings.HasPrefix(words[0], "- ") {
		others += len("- ")
	}
	return strings.Join(words, " "), first, others
}

// rows returns the cells of a table, its head first.
func (b block) rows() [][]string {
	var rows [][]string
	for i, line := range b.lines {
		if i == 1 {
			continue // the line between head and body
		}
		rows = append(rows, cells(line))
	}
	return rows
}

// cells takes a row apart. A bar behind a backslash is a bar.
func cells(row string) []string {
	const bar = "\x00"
	row = strings.ReplaceAll(strings.TrimSpace(row), `\|`, bar)
	row = strings.TrimSuffix(strings.TrimPrefix(row, "|"), "|")
	found := strings.Split(row, "|")
	for i, cell := range found {
		found[i] = strings.ReplaceAll(strings.TrimSpace(cell), bar, "|")
	}
	return found
}

// entry is a row of a table as a list has it: no table with sentences in it
// fits a terminal.
type entry struct {
	// name is the first cell; says are the others, each under its column's
	// name where there is more than one.
	name string
	says []string
}

func (b block) entries() []entry {
	rows := b.rows()
	var entries []entry
	for _, row := range rows[1:] {
		e := entry{name: row[0]}
		for i, cell := range row[1:] {
			switch column := rows[0][i+1]; {
			case cell == "":
			case column == "" || len(row) == 2:
				e.says = append(e.says, cell)
			default:
				e.says = append(e.says, column+": "+cell)
			}
		}
		entries = append(entries, e)
	}
	return entries
}
