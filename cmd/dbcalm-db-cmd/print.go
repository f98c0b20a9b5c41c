package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/human"
)

// print writes an answer to stdout.
func (a *app) print(text string) error {
	if _, err := io.WriteString(a.stdout, text); err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return nil
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
	return a.print(text.String())
}

// note tells how things go, on stderr.
func (a *app) note(format string, args ...any) {
	fmt.Fprintln(a.stderr, human.Printable(fmt.Sprintf(format, args...)))
}

// notNil makes an empty list [] in JSON, where nil would be null.
func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
