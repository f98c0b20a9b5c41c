package screen

import (
	"io"
	"regexp"
	"strings"

	"dbcalm-db-cmd/machine/api"
)

// Colours, as ECMA-48 numbers them.
const (
	Red    = "31"
	Green  = "32"
	Yellow = "33"
	cyan   = "36"
)

// colourMark is what Paint puts around a text.
var colourMark = regexp.MustCompile("\x1b\\[(?:0|" + strings.Join([]string{Red, Green, Yellow, cyan}, "|") + ")m")

// statusColours are the colours of the words that tell how an operation is.
// One that waits is nothing to look at.
var statusColours = map[string]string{
	api.StatusRunning:   cyan,
	api.StatusSucceeded: Green,
	api.StatusFailed:    Red,
	api.StatusCancelled: Yellow,
}

// TakesColour reports whether output may be coloured: on a terminal that can, for
// people who have not asked for none (see no-color.org).
func TakesColour(w io.Writer, env func(string) string) bool {
	return IsTerminal(w) && env("NO_COLOR") == "" && env("TERM") != "dumb"
}

// Status colours the status with which a text begins, if Out takes colour.
// A text that begins with none is left as it is. It must be the last thing that
// is done to the text: what makes other programs' text safe to print takes
// colours out.
func (s *Screen) Status(text string) string {
	word, _, _ := strings.Cut(text, ":")
	return s.Paint(statusColours[word], word) + text[len(word):]
}

// Paint writes a text in a colour, if there is one and Out takes it.
func (s *Screen) Paint(colour, text string) string {
	if colour == "" || !s.Colour {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}
