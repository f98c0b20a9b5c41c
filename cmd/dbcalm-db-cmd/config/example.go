package config

import (
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
)

// exampleWidth is how long a line of comment in the example may be.
const exampleWidth = 78

// exampleHead is the text above the keys; %s is the program's name.
const exampleHead = "The configuration of %s, by default " + DefaultPath + ". DBCalm's API server keeps keys of its own " +
	"in the same file: add these to those. Keys may be in any case. A key after a # shows its default or, where that depends " +
	"on the machine, what it may look like. What applies and what is wrong is said by: %[1]s config check"

// Example returns a configuration file that holds every key with its
// meaning, for the program of that name.
func Example(program string) (string, error) {
	var b strings.Builder
	b.WriteString(comment(fmt.Sprintf(exampleHead, program)))
	for _, s := range settings {
		line, err := s.exampleLine()
		if err != nil {
			return "", fmt.Errorf("write the example of %s: %w", s.key, err)
		}
		note := keyNotes[s.key]
		b.WriteString("\n" + comment(note.meaning+s.exampleNote()))
		if !s.required {
			line = "#" + strings.ReplaceAll(line, "\n", "\n#")
		}
		b.WriteString(line + "\n")
	}
	return b.String(), nil
}

// exampleNote says of a key what its line does not show.
func (s setting) exampleNote() string {
	switch {
	case s.required:
		return " Required."
	case keyNotes[s.key].example != nil:
		return " Default: " + s.defaultText() + "."
	}
	return ""
}

// exampleLine is a key as the file would have it, with its default if it has
// one that can be written down.
func (s setting) exampleLine() (string, error) {
	value := keyNotes[s.key].example
	if value == nil {
		value = s.show(Defaults(Host{}))
	}
	_, itself := value.(yaml.Marshaler)
	if named, ok := value.(fmt.Stringer); ok && !itself {
		value = named.String()
	}
	line, err := yaml.Marshal(map[string]any{s.key: value})
	return strings.TrimRight(string(line), "\n"), err
}

// comment breaks a text into lines of comment.
func comment(text string) string {
	var b strings.Builder
	line := "#"
	for _, word := range strings.Fields(text) {
		if len(line)+1+len(word) > exampleWidth && line != "#" {
			b.WriteString(line + "\n")
			line = "#"
		}
		line += " " + word
	}
	return b.String() + line + "\n"
}
