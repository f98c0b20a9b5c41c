package screen

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps/printable"
)

// Screen is where one invocation's answers and remarks go.
type Screen struct {
	// Out takes the answers, Err everything about getting them.
	Out, Err io.Writer
	// Colour reports whether Out takes colours.
	Colour bool
	// Now is the clock.
	Now func() time.Time
}

// Print writes an answer, and of control sequences no others than our own
// colours.
func (s *Screen) Print(text string) error {
	if _, err := io.WriteString(s.Out, s.safe(text)); err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return nil
}

func (s *Screen) safe(text string) string {
	if !s.Colour {
		return printable.Text(text)
	}
	var b strings.Builder
	end := 0
	for _, mark := range colourMark.FindAllStringIndex(text, -1) {
		b.WriteString(printable.Text(text[end:mark[0]]) + text[mark[0]:mark[1]])
		end = mark[1]
	}
	return b.String() + printable.Text(text[end:])
}

// JSON writes an answer as indented JSON.
func (s *Screen) JSON(value any) error {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetIndent("", "  ")
	// Nothing here ends up in a web page, and people read it.
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	return s.Print(string(printable.JSON([]byte(text.String()))))
}

// Note says how things go.
func (s *Screen) Note(format string, args ...any) {
	fmt.Fprintln(s.Err, printable.Text(fmt.Sprintf(format, args...)))
}

// Took is how long an operation has run, or, before that, has waited.
func (s *Screen) Took(o api.OperationSummary) time.Duration {
	from, to := o.CreatedAt, s.Now()
	if o.StartedAt != nil {
		from = *o.StartedAt
	}
	if o.FinishedAt != nil {
		to = *o.FinishedAt
	}
	return to.Sub(from)
}

// Subject names an operation in a sentence.
func Subject(o api.OperationSummary) string {
	if o.Backup == "" {
		return o.Machine
	}
	return o.Machine + " of " + o.Backup
}
