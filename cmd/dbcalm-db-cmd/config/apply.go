package config

import (
	"fmt"

	"gopkg.in/yaml.v3"
)

// apply takes the file's values over the defaults. It returns what the file
// gave, as the file wrote it; a value of the wrong type is a problem and stays
// out of the Config.
func (l *Loaded) apply(file *file) map[string]Value {
	given := map[string]Value{}
	for _, s := range settings {
		e, found := file.entries[s.key]
		if !found {
			continue
		}
		value := Value{Key: s.key, From: file.at(e.line), line: e.line}
		if !s.set(l.Config, e.node) {
			text := asWritten(s, e.node)
			value.Value = text
			if e.node.ShortTag() == "!!str" && !s.hidden && !s.guarded {
				text = fmt.Sprintf("%q", text)
			}
			l.Problems = append(l.Problems, Finding{
				Where: value.From, Key: s.key, Value: text, Advice: s.wanted, line: e.line,
			})
		}
		given[s.key] = value
	}
	return given
}

const notShown = "(not shown)"

// asWritten is a value as the file has it.
func asWritten(s setting, node *yaml.Node) string {
	switch {
	case s.hidden, s.guarded && node.Kind == yaml.ScalarNode:
		return notShown
	case node.Kind == yaml.SequenceNode:
		return "a list"
	case node.Kind == yaml.MappingNode:
		return "a mapping"
	}
	return node.Value
}

// describe lists every key with its effective value; one that was refused is
// shown as it was written.
func (l *Loaded) describe(given map[string]Value) {
	for _, s := range settings {
		value := Value{Key: s.key, From: "default"}
		switch {
		case s.computed:
			value.From = "computed"
		case s.required:
			value.From = "not set"
		}
		if g, found := given[s.key]; found {
			value = g
		}
		if value.Value == nil {
			value.Value = s.show(l.Config)
		}
		if s.hidden && value.Value != "" {
			value.Value = notShown
		}
		l.Values = append(l.Values, value)
	}
}

// refused reports whether the key's value is already known to be wrong.
func (l *Loaded) refused(key string) bool {
	for _, p := range l.Problems {
		if p.Key == key {
			return true
		}
	}
	return false
}
