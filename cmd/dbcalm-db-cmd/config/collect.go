package config

import (
	"fmt"
	"reflect"
	"strings"

	"gopkg.in/yaml.v3"
)

// line is a key of the file with its value.
type line struct{ key, value *yaml.Node }

// collect sorts the file's keys into ours and others'. Others' values are
// never looked at.
func (f *file) collect(top *yaml.Node) {
	// By their names in lower case: the others' loaders ignore the case of keys.
	seen := map[string]line{}
	for i := 0; i+1 < len(top.Content); i += 2 {
		here := line{key: top.Content[i], value: resolve(top.Content[i+1])}
		key, name := here.key, strings.ToLower(here.key.Value)
		if key.Kind != yaml.ScalarNode {
			continue
		}
		if key.ShortTag() == "!!merge" {
			f.warn(key.Line, `keys merged with "<<" are not read: write them out`)
			continue
		}
		_, ours := findSetting(name)
		if first, again := seen[name]; again {
			f.duplicate(name, ours, first, here)
			continue
		}
		seen[name] = here
		switch {
		case !ours:
			if meant := likelyKey(name); meant != "" {
				f.warn(key.Line, fmt.Sprintf("%s is not a key of this daemon and is ignored: did you mean %s?", key.Value, meant))
			}
		case here.value.Kind == yaml.ScalarNode && here.value.ShortTag() == "!!null":
			f.warn(key.Line, fmt.Sprintf(`%s has no value, its default applies: write one, or "" for none`, key.Value))
		default:
			f.entries[name] = entry{node: here.value, line: key.Line}
		}
	}
}

// duplicate says that a key is there twice. Two spellings of a key are two keys
// to YAML, and which of them another program takes cannot be known: the file
// stands if they agree, and is refused if they do not.
func (f *file) duplicate(name string, ours bool, first, again line) {
	where := fmt.Sprintf("line %d", first.key.Line)
	if first.key.Value != again.key.Value {
		where += " as " + first.key.Value
	}
	switch {
	case !ours:
		f.warn(again.key.Line, fmt.Sprintf("%s was already set at %s", again.key.Value, where))
	case first.key.Value != again.key.Value && sameValue(first.value, again.value):
		f.warn(again.key.Line, fmt.Sprintf("%s was already set at %s, to the same value: remove one of the two", again.key.Value, where))
	default:
		f.problems = append(f.problems, Finding{
			Where:  f.at(again.key.Line),
			Key:    name,
			Advice: fmt.Sprintf("already set at %s: remove one of the two", where),
			line:   again.key.Line,
		})
	}
}

// sameValue reports whether two values are written alike, comments and quotes
// aside.
func sameValue(x, y *yaml.Node) bool {
	var a, b any
	return x.Decode(&a) == nil && y.Decode(&b) == nil && reflect.DeepEqual(a, b)
}

func (f *file) warn(line int, text string) {
	f.warnings = append(f.warnings, Finding{Where: f.at(line), Advice: text, line: line})
}
