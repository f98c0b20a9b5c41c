package screen

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/human"
	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/machine/definition"
	"dbcalm-db-cmd/steps/printable"
)

// picture redraws the operations in place on a terminal.
type picture struct {
	out  io.Writer
	now  func() time.Time
	size func() int
	// drawn is how many lines stand to be drawn over.
	drawn int
}

// The control sequences of ECMA-48: up by so many lines, and clear to the end
// of the screen.
const (
	cursorUp = "\x1b[%dA"
	clearEnd = "\x1b[J"
)

func (p *picture) Show(views []api.OperationView) {
	var b strings.Builder
	if p.drawn > 0 {
		fmt.Fprintf(&b, cursorUp, p.drawn)
	}
	b.WriteString("\r" + clearEnd)
	all := drawing(views, p.now())
	for _, line := range all {
		b.WriteString(cutTo(line, p.size()) + "\n")
	}
	p.drawn = len(all)
	_, _ = io.WriteString(p.out, b.String())
}

// Note stays above the next drawing.
func (p *picture) Note(text string) {
	p.drawn = 0
	fmt.Fprintln(p.out, printable.Text(text))
}

func (p *picture) Close() { p.drawn = 0 }

// terminalSize returns a function that tells a terminal's width in columns,
// which may change.
func terminalSize(w io.Writer) func() int {
	return func() int {
		if file, ok := w.(*os.File); ok {
			if size, err := unix.IoctlGetWinsize(int(file.Fd()), unix.TIOCGWINSZ); err == nil && size.Col > 0 {
				return int(size.Col)
			}
		}
		return 80
	}
}

// cutTo cuts a line that would break at the terminal's edge.
func cutTo(line string, width int) string {
	runes := []rune(printable.Text(line))
	if len(runes) < width {
		return string(runes)
	}
	return string(runes[:max(0, width-2)]) + "…"
}

// drawing returns the lines that show operations.
func drawing(views []api.OperationView, now time.Time) []string {
	var all []string
	for i, view := range views {
		if i > 0 {
			all = append(all, "")
		}
		took := now.Sub(view.CreatedAt)
		if view.FinishedAt != nil {
			took = view.FinishedAt.Sub(view.CreatedAt)
		}
		all = append(all, fmt.Sprintf("%s  %s  %s  %s", Subject(view.OperationSummary), view.Status, human.Span(took), view.ID))
		all = append(all, "  "+strings.Join(ticks(view, now), "  "))
		if p := view.Progress; p != nil {
			if p.TotalBytes > 0 {
				all = append(all, "  "+bar(p)+" "+Progress(p))
			} else if p.DoneBytes > 0 {
				all = append(all, "  "+Progress(p))
			}
			all = append(all, "  "+p.What)
		}
	}
	return all
}

// barWidth is in columns.
const barWidth = 30

func bar(p *api.ProgressView) string {
	done := int(p.DoneBytes * barWidth / p.TotalBytes)
	return strings.Repeat("█", done) + strings.Repeat("░", barWidth-done)
}

// ticks are the states of an operation: those it has been through with what
// each took, where it is, and what lies ahead of it.
func ticks(view api.OperationView, now time.Time) []string {
	var marks []string
	visits := stays(view, now)
	for i, v := range visits {
		mark := "✓"
		switch {
		case i == len(visits)-1 && !view.Over():
			mark = "▶"
		case v.broken:
			mark = "✗"
		}
		marks = append(marks, mark+" "+v.state+" "+human.Span(v.took))
	}
	if view.Over() || len(visits) == 0 {
		return marks
	}
	// A machine that this program does not know has no such states to tell.
	coming, _ := definition.Ahead(view.Machine, view.State)
	for _, state := range coming {
		marks = append(marks, "· "+state)
	}
	return marks
}
