package screen

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/human"
	"dbcalm-db-cmd/machine"
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

// Print writes an answer.
func (s *Screen) Print(text string) error {
	if _, err := io.WriteString(s.Out, text); err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return nil
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
	return s.Print(text.String())
}

// Note says how things go.
func (s *Screen) Note(format string, args ...any) {
	fmt.Fprintln(s.Err, human.Printable(fmt.Sprintf(format, args...)))
}

// Took is how long an operation has run, or, before that, has waited.
func (s *Screen) Took(o machine.OperationSummary) time.Duration {
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
func Subject(o machine.OperationSummary) string {
	if o.Backup == "" {
		return o.Machine
	}
	return o.Machine + " of " + o.Backup
}
