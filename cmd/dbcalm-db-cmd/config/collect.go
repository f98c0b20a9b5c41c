package config

import (
	"fmt"

	"gopkg.in/yaml.v3"
)

// collect sorts the file's keys into ours and others'. Others' values are
// never looked at.
func (f *file) collect(top *yaml.Node) {
	lines := map[string]int{}
	for i := 0; i+1 < len(top.Content); i += 2 {
		key, value := top.Content[i], resolve(top.Content[i+1])
		name := key.Value
		if key.Kind != yaml.ScalarNode {
			continue
		}
		if key.ShortTag() == "!!merge" {
			f.warn(key.Line, `keys merged with "<<" are not read: write them out`)
			continue
		}
		_, ours := findSetting(name)
		if first, again := lines[name]; again {
			f.duplicate(name, ours, key.Line, first)
			continue
		}
		lines[name] = key.Line
		switch {
		case !ours:
			if meant := likelyKey(name); meant != "" {
				f.warn(key.Line, fmt.Sprintf("%s is not a key of this daemon and is ignored: did you mean %s?", name, meant))
			}
		case value.Kind == yaml.ScalarNode && value.ShortTag() == "!!null":
			f.warn(key.Line, fmt.Sprintf(`%s has no value, its default applies: write one, or "" for none`, name))
		default:
			f.entries[name] = entry{node: value, line: key.Line}
		}
	}
}

func (f *file) duplicate(name string, ours bool, line, first int) {
	if !ours {
		f.warn(line, fmt.Sprintf("%s was already set at line %d", name, first))
		return
	}
	f.problems = append(f.problems, Finding{
		Where:  f.at(line),
		Key:    name,
		Advice: fmt.Sprintf("already set at line %d: remove one of the two", first),
		line:   line,
	})
}

func (f *file) warn(line int, text string) {
	f.warnings = append(f.warnings, Finding{Where: f.at(line), Advice: text, line: line})
}
