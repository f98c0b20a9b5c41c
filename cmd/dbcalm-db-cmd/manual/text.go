package manual

import (
	"strings"
	"unicode/utf8"
)

// width is how many columns a page takes, code aside.
const width = 80

// Text lays the page out for a terminal. command is what is typed in front of
// a page's name to read it.
func (p Page) Text(command string) string {
	named := func(name string) string { return "`" + command + " " + name + "`" }
	var b strings.Builder
	b.WriteString("# " + p.Title + "\n")
	for _, block := range p.body {
		switch block.kind {
		case prose:
			text, first, others := block.flow()
			wrap(&b, relink(text, named), first, others)
		case table:
			for _, e := range block.entries() {
				writeEntry(&b, e, named)
			}
		case code:
			for _, line := range block.lines {
				if !strings.HasPrefix(strings.TrimSpace(line), "```") {
					b.WriteString(strings.TrimRight("    "+line, " ") + "\n")
				}
			}
		default:
			b.WriteString(strings.Join(block.lines, "\n") + "\n")
		}
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// writeEntry writes a row of a table as an item of a list.
func writeEntry(b *strings.Builder, e entry, named func(string) string) {
	if len(e.says) == 1 {
		wrap(b, relink("- "+e.name+": "+e.says[0], named), 0, 2)
		return
	}
	wrap(b, relink("- "+e.name, named), 0, 2)
	for _, line := range e.says {
		wrap(b, relink(line, named), 2, 4)
	}
}

// wrap writes a text in lines of width columns, if its words are no longer.
func wrap(b *strings.Builder, text string, first, others int) {
	column, indent := 0, first
	for _, word := range strings.Fields(text) {
		length := utf8.RuneCountInString(word)
		switch {
		case column == 0:
		case column+1+length > width:
			b.WriteString("\n")
			column, indent = 0, others
		default:
			b.WriteString(" ")
			column++
		}
		if column == 0 {
			b.WriteString(strings.Repeat(" ", indent))
			column = indent
		}
		b.WriteString(word)
		column += length
	}
	b.WriteString("\n")
}
