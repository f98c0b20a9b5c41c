package transport

import (
	"bytes"
	"encoding/json"
	"slices"

	"dbcalm-db-cmd/steps/printable"
)

// echoLimit bounds what an answer or a log line repeats of a request.
const echoLimit = 160

// arguments reads the members of a JSON object one by one, by their exact
// names. A member that is null is as good as absent. Problems are kept until
// end, which also knows the members nobody asked for.
type arguments struct {
	values map[string]json.RawMessage
	// names holds the names not read yet, as they came.
	names          []string
	missing, wrong error
}

// parseObject takes an object apart. The text is valid JSON.
func parseObject(text json.RawMessage) (*arguments, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	if _, err := decoder.Token(); err != nil {
		return nil, invalid("request is not valid JSON: %v", err)
	}
	object := &arguments{values: map[string]json.RawMessage{}}
	given := map[string]bool{}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, invalid("request is not valid JSON: %v", err)
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, invalid("request is not valid JSON: %v", err)
		}
		key := name.(string)
		if given[key] {
			return nil, invalid("argument given twice: %s", printable.Shorten(key, echoLimit))
		}
		given[key] = true
		if kindOf(value) != kindNull {
			object.values[key] = value
			object.names = append(object.names, key)
		}
	}
	return object, nil
}

// take returns the value of a member, nil if it is absent.
func (a *arguments) take(name string) json.RawMessage {
	a.names = slices.DeleteFunc(a.names, func(other string) bool { return other == name })
	return a.values[name]
}

// require is take for a member that must be there and of a kind; ok is false
// if it is not.
func (a *arguments) require(name, kind string) (value json.RawMessage, ok bool) {
	value = a.take(name)
	if value == nil {
		if a.missing == nil {
			a.missing = invalid("Missing required argument: %s", name)
		}
		return nil, false
	}
	return value, a.is(name, value, kind)
}

func (a *arguments) is(name string, value json.RawMessage, kind string) bool {
	if got := kindOf(value); got != kind {
		a.refuse("argument %s: want %s, got %s", name, kind, got)
		return false
	}
	return true
}

func (a *arguments) refuse(format string, args ...any) {
	if a.wrong == nil {
		a.wrong = invalid(format, args...)
	}
}

// end returns what is wrong with the object: a missing member, else one that
// nobody asked for, else the first bad value.
func (a *arguments) end() error {
	switch {
	case a.missing != nil:
		return a.missing
	case len(a.names) > 0:
		return invalid("unknown argument: %s", printable.Shorten(a.names[0], echoLimit))
	default:
		return a.wrong
	}
}
