package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/rs/zerolog"

	"dbcalm-db-cmd/steps/printable"
)

// The bounds of a log line in bytes, whatever came in. Control characters take
// more room once they can be seen: the bounds hold for what is written.
const (
	logLineLimit  = 16 << 10
	logValueLimit = 4 << 10
	// logMessageRoom is kept for the message, which comes last.
	logMessageRoom = logValueLimit + 64
)

// logLines is what stands between the log and its writer: each event becomes a
// line of a bounded length in which nothing steers a terminal.
type logLines struct{ to io.Writer }

// Write takes one event, which is an object in JSON.
func (l logLines) Write(event []byte) (int, error) {
	line := printable.JSON(event)
	if len(line) > logLineLimit {
		line = boundedEvent(line)
	}
	if _, err := l.to.Write(line); err != nil {
		return 0, err
	}
	return len(event), nil
}

// boundedEvent cuts an event's long values, and leaves fields out where that is
// not enough.
func boundedEvent(event []byte) []byte {
	decoder := json.NewDecoder(bytes.NewReader(event))
	var out bytes.Buffer
	leftOut := 0
	// The first token is the brace; the events are zerolog's own and valid.
	for _, err := decoder.Token(); err == nil && decoder.More(); {
		var key json.Token
		var value json.RawMessage
		if key, err = decoder.Token(); err != nil {
			break
		}
		if err = decoder.Decode(&value); err != nil {
			break
		}
		field := fmt.Sprintf(",%s:%s", quoted(fmt.Sprint(key)), boundedValue(value))
		if key != zerolog.MessageFieldName && out.Len()+len(field) > logLineLimit-logMessageRoom {
			leftOut++
			continue
		}
		out.WriteString(field)
	}
	if leftOut > 0 {
		fmt.Fprintf(&out, `,"left_out":%d`, leftOut)
	}
	return []byte("{" + strings.TrimPrefix(out.String(), ",") + "}\n")
}

func boundedValue(value json.RawMessage) []byte {
	if len(value) <= logValueLimit {
		return value
	}
	var text string
	if json.Unmarshal(value, &text) != nil {
		return quoted(fmt.Sprintf("(%d bytes left out)", len(value)))
	}
	for keep := logValueLimit; ; keep /= 2 {
		kept := strings.ToValidUTF8(text[:min(keep, len(text))], "")
		short := quoted(fmt.Sprintf("%s… (%d bytes left out)", kept, len(text)-len(kept)))
		if len(short) <= logValueLimit {
			return short
		}
	}
}

func quoted(text string) []byte {
	// Text always encodes.
	encoded, _ := json.Marshal(text)
	return encoded
}
