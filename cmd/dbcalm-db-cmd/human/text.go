package human

import (
	"strings"

	"dbcalm-db-cmd/steps/printable"
)

// OneLine keeps a text of several lines to the one it has.
func OneLine(cell string) string {
	return strings.NewReplacer("\n", " ", "\t", " ").Replace(printable.Text(cell))
}

// Indent puts a margin before every line of a text from elsewhere.
func Indent(text, margin string) string {
	lines := strings.Split(strings.Trim(printable.Text(text), "\n"), "\n")
	return margin + strings.Join(lines, "\n"+margin) + "\n"
}
