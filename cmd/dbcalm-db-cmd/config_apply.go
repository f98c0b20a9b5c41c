package main

import (
	"fmt"

	"gopkg.in/yaml.v3"
)

// apply takes the file's values over the defaults. It returns what the file
// gave, as the file wrote it; a value of the wrong type is a problem and stays
// out of the Config.
func (l *loadedConfig) apply(file *configFile) map[string]effective {
	given := map[string]effective{}
	for _, s := range settings {
		e, found := file.entries[s.key]
		if !found {
			continue
		}
		value := effective{Key: s.key, From: file.at(e.line), line: e.line}
		if !s.set(l.config, e.node) {
			text := written(s, e.node)
			value.Value = text
			if e.node.ShortTag() == "!!str" && !s.hidden && !s.guarded {
				text = fmt.Sprintf("%q", text)
			}
			l.problems = append(l.problems, finding{
				Where: value.From, Key: s.key, Value: text, Advice: s.wanted, line: e.line,
			})
		}
		given[s.key] = value
	}
	return given
}

const notShown = "(not shown)"

// written is a value as the file has it.
func written(s setting, node *yaml.Node) string {
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
func (l *loadedConfig) describe(given map[string]effective) {
	for _, s := range settings {
		value := effective{Key: s.key, From: "default"}
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
			value.Value = s.show(l.config)
		}
		if s.hidden && value.Value != "" {
			value.Value = notShown
		}
		l.values = append(l.values, value)
	}
}

// refused tells whether the key's value is already known to be wrong.
func (l *loadedConfig) refused(key string) bool {
	for _, p := range l.problems {
		if p.Key == key {
			return true
		}
	}
	return false
}
