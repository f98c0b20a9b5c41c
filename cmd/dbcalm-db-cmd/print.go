package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"dbcalm-db-cmd/steps/printable"
)

// print writes an answer to stdout, and of control sequences no others than our
// own colours.
func (a *app) print(text string) error {
	if _, err := io.WriteString(a.stdout, a.safe(text)); err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return nil
}

func (a *app) safe(text string) string {
	if !a.colour {
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

// printJSON writes an answer to stdout as indented JSON.
func (a *app) printJSON(value any) error {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetIndent("", "  ")
	// Nothing here ends up in a web page, and people read it.
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	return a.print(string(printable.JSON([]byte(text.String()))))
}

// note tells how things go, on stderr.
func (a *app) note(format string, args ...any) {
	fmt.Fprintln(a.stderr, printable.Text(fmt.Sprintf(format, args...)))
}

// notNil makes an empty list [] in JSON, where nil would be null.
func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func count(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return strconv.Itoa(n) + " " + thing
}

// stamp is a time as every listing shows it: UTC, to the second.
func stamp(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}

// span is how long something took, as exact as a person wants it.
func span(d time.Duration) string {
	switch {
	case d < time.Second:
		return max(d, 0).Round(time.Millisecond).String()
	case d < 10*time.Second:
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}
