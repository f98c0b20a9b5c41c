package manual

import (
	"fmt"
	"strings"
	"time"

	"github.com/cpuguy83/go-md2man/v2/md2man"
)

// Section is where man has what is neither a command nor a file: conventions,
// overviews.
const Section = "7"

// Roff lays the page out for man. Program is what the manual is of, source it
// with its version; a page's own name follows the program's.
func (p Page) Roff(program, source string, at time.Time) []byte {
	named := func(name string) string { return "**" + program + "-" + name + "**(" + Section + ")" }
	var b strings.Builder
	name := program + "-" + p.Name
	fmt.Fprintf(&b, "%% %q %q %q %q %q\n", strings.ToUpper(name), Section, at.UTC().Format("Jan 2006"), source, "DBCalm")
	fmt.Fprintf(&b, "# NAME\n%s - %s\n\n# DESCRIPTION\n", name, p.Title)
	for _, block := range p.body {
		switch block.kind {
		case prose:
			text, first, _ := block.flow()
			b.WriteString(strings.Repeat(" ", first) + relink(text, named) + "\n")
		case table:
			for _, e := range block.entries() {
				// Two blanks at the end of a line break it.
				b.WriteString(relink("- "+strings.Join(append([]string{e.name}, e.says...), "  \n  "), named) + "\n")
			}
		case heading:
			// The title was the only one of its level.
			b.WriteString(strings.TrimPrefix(block.lines[0], "#") + "\n")
		default:
			b.WriteString(strings.Join(block.lines, "\n") + "\n")
		}
	}
	return md2man.Render([]byte(b.String()))
}
