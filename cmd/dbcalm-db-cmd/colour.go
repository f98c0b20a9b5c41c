package main

import (
	"io"
	"regexp"
	"strings"
)

// Colours, as ECMA-48 numbers them.
const (
	red    = "31"
	green  = "32"
	yellow = "33"
	cyan   = "36"
)

// colourMark is what paint puts around a text.
var colourMark = regexp.MustCompile("\x1b\\[(?:0|" + strings.Join([]string{red, green, yellow, cyan}, "|") + ")m")

// statusColours are the colours of the words that tell how an operation is.
// One that waits is nothing to look at.
var statusColours = map[string]string{
	"running":       cyan,
	statusSucceeded: green,
	statusFailed:    red,
	statusCancelled: yellow,
}

// takesColour tells whether output may be coloured: on a terminal that can, for
// people who have not asked for none (see no-color.org).
func takesColour(w io.Writer, env func(string) string) bool {
	return isTerminal(w) && env("NO_COLOR") == "" && env("TERM") != "dumb"
}

// status colours the status with which a text begins, if stdout takes colour.
// A text that begins with none is left as it is. It must be the last thing that
// is done to the text: what makes other programs' text safe to print takes
// colours out.
func (a *app) status(text string) string {
	word, _, _ := strings.Cut(text, ":")
	return a.paint(statusColours[word], word) + text[len(word):]
}

// paint writes a text in a colour, if there is one and stdout takes it.
func (a *app) paint(colour, text string) string {
	if colour == "" || !a.colour {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}
