package transport

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps/printable"
)

// The limits of arguments that are not backup ids.
const (
	operationIDLimit = 128
	stateLimit       = 128
	requestIDLimit   = 128
	listingLimit     = 1000
)

// text reads a text that must be there.
func (a *arguments) text(name string) string {
	value, ok := a.require(name, kindText)
	if !ok {
		return ""
	}
	return textOf(value)
}

// object reads an object; absent, it is an empty one.
func (a *arguments) object(name string) *arguments {
	value := a.take(name)
	if value == nil || !a.is(name, value, kindObject) {
		return &arguments{}
	}
	object, err := parseObject(value)
	if err != nil {
		if a.wrong == nil {
			a.wrong = err
		}
		return &arguments{}
	}
	return object
}

// backupID reads the id of a backup that must be there.
func (a *arguments) backupID(name string) string {
	value, ok := a.require(name, kindText)
	if !ok {
		return ""
	}
	return a.checkedID(name, textOf(value))
}

// backupIDs reads a list of ids, at least one. Whether they are a chain, and
// different, is not a matter of form.
func (a *arguments) backupIDs(name string) []string {
	value, ok := a.require(name, kindList)
	if !ok {
		return nil
	}
	var elements []json.RawMessage
	// The value is a valid JSON list.
	_ = json.Unmarshal(value, &elements)
	if len(elements) == 0 {
		a.refuse("argument %s: want at least one id, got an empty list", name)
	}
	ids := make([]string, 0, len(elements))
	for i, element := range elements {
		place := name + "[" + strconv.Itoa(i) + "]"
		if !a.is(place, element, kindText) {
			return nil
		}
		id := a.checkedID(place, textOf(element))
		if a.wrong != nil {
			return nil
		}
		ids = append(ids, id)
	}
	return ids
}

func (a *arguments) checkedID(place, id string) string {
	if !isBackupID(id) {
		a.refuse("argument %s: '%s' cannot be the id of a backup: %s", place, printable.Shorten(id, echoLimit), backupIDRule)
	}
	return id
}

// target reads where a restore goes.
func (a *arguments) target(name string) api.Target {
	target := api.Target(a.text(name))
	switch target {
	case api.TargetDatabase, api.TargetFolder:
	default:
		a.refuse("argument %s: want 'database' or 'folder', got '%s'", name, printable.Shorten(string(target), echoLimit))
	}
	return target
}

// level reads how thoroughly a backup is verified; absent, it is empty.
func (a *arguments) level(name string) api.Level {
	value := a.take(name)
	if value == nil || !a.is(name, value, kindText) {
		return ""
	}
	level := api.Level(textOf(value))
	if !slices.Contains(api.Levels(), level) {
		a.refuse("argument %s: want one of %s, got '%s'", name, api.Levels(), printable.Shorten(string(level), echoLimit))
	}
	return level
}

// integer reads a number that may be absent.
func (a *arguments) integer(name string) *int64 {
	value := a.take(name)
	if value == nil {
		return nil
	}
	if got := kindOf(value); got != kindNumber {
		a.refuse("argument %s: want an integer, got %s", name, got)
		return nil
	}
	number, problem := integerOf(value)
	if problem != "" {
		a.refuse("argument %s: %s", name, problem)
		return nil
	}
	return &number
}

// flag reads a yes or no; absent, it is a no.
func (a *arguments) flag(name string) bool {
	value := a.take(name)
	return value != nil && a.is(name, value, kindBoolean) && string(value) == "true"
}

// limit reads how many lines a listing may have; absent, it is 0.
func (a *arguments) limit(name string) int {
	number := a.integer(name)
	if number == nil {
		return 0
	}
	if *number < 1 || *number > listingLimit {
		a.refuse("argument %s: want 1 to %d, got %d", name, listingLimit, *number)
		return 0
	}
	return int(*number)
}

// state reads the state a listing is about; absent, it is empty.
func (a *arguments) state(name string) string {
	value := a.take(name)
	if value == nil || !a.is(name, value, kindText) {
		return ""
	}
	state := textOf(value)
	if len(state) > stateLimit {
		a.refuse("argument %s: want at most %d bytes, got %d", name, stateLimit, len(state))
	}
	return state
}

// idPrefix reads the first letters of an operation's id; absent, it is empty.
func (a *arguments) idPrefix(name string) string {
	value := a.take(name)
	if value == nil || !a.is(name, value, kindText) {
		return ""
	}
	prefix := textOf(value)
	if prefix == "" || len(prefix) > operationIDLimit {
		a.refuse("argument %s: want the first letters of an operation's id, 1 to %d bytes, got %d", name, operationIDLimit, len(prefix))
	}
	return prefix
}

// requestID reads the name a client has given its request; absent, it is
// empty.
func (a *arguments) requestID(name string) string {
	value := a.take(name)
	if value == nil || !a.is(name, value, kindText) {
		return ""
	}
	id := textOf(value)
	invisible := func(r rune) bool { return r <= ' ' || r > '~' }
	if id == "" || len(id) > requestIDLimit || strings.ContainsFunc(id, invisible) {
		a.refuse("argument %s: '%s' cannot name a request: use 1 to %d visible ASCII characters, such as a UUID",
			name, printable.Shorten(id, echoLimit), requestIDLimit)
	}
	return id
}

// operationID reads the id of an operation that must be there.
func (a *arguments) operationID(name string) string {
	value, ok := a.require(name, kindText)
	if !ok {
		return ""
	}
	id := textOf(value)
	if id == "" || len(id) > operationIDLimit {
		a.refuse("argument %s: want the id of an operation, 1 to %d bytes, got %d", name, operationIDLimit, len(id))
	}
	return id
}

// moment reads the moment of a restore, which may be absent.
func (a *arguments) moment(name string) string {
	value := a.take(name)
	if value == nil || !a.is(name, value, kindText) {
		return ""
	}
	text := textOf(value)
	if err := api.CheckMoment(text); err != nil {
		a.refuse("argument %s: %v", name, err)
	}
	return text
}
