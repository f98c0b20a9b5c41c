package human

import (
	"strconv"
	"strings"
	"unicode"
)

// Printable keeps text from other programs from steering the terminal: of the
// control characters only line breaks and tabs get through.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && unicode.IsControl(r) {
			return '?'
		}
		return r
	}, text)
}

// OneLine keeps a cell from breaking its row; it never makes the cell longer.
func OneLine(cell string) string {
	return strings.NewReplacer("\n", " ", "\t", " ").Replace(Printable(cell))
}

// Count is a number of things, in words.
func Count(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return strconv.Itoa(n) + " " + thing
}

// Indent puts a margin before every line of a text from elsewhere.
func Indent(text, margin string) string {
	lines := strings.Split(strings.Trim(Printable(text), "\n"), "\n")
	return margin + strings.Join(lines, "\n"+margin) + "\n"
}
