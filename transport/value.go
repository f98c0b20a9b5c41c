package transport

import (
	"encoding/json"
	"strconv"
	"strings"

	"dbcalm-db-cmd/steps/printable"
)

// The kinds of JSON values, as messages call them.
const (
	kindText    = "text"
	kindNumber  = "number"
	kindBoolean = "boolean"
	kindList    = "list"
	kindObject  = "object"
	kindNull    = "null"
)

func kindOf(value json.RawMessage) string {
	switch value[0] {
	case '"':
		return kindText
	case '{':
		return kindObject
	case '[':
		return kindList
	case 't', 'f':
		return kindBoolean
	case 'n':
		return kindNull
	default:
		return kindNumber
	}
}

// textOf returns the text a JSON string stands for.
func textOf(value json.RawMessage) string {
	var text string
	// The value is a valid JSON string.
	_ = json.Unmarshal(value, &text)
	return text
}

// integerOf returns the number a JSON number without fraction or exponent
// stands for, and what else it is if it is none of 64 bits.
func integerOf(value json.RawMessage) (number int64, problem string) {
	text := string(value)
	if strings.ContainsAny(text, ".eE") {
		return 0, "want an integer, got " + printable.Shorten(text, 40)
	}
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, "want an integer of 64 bits, got " + printable.Shorten(text, 40)
	}
	return number, ""
}
