package transport

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// A client that asks for nonsense a thousand times fills no log.
func TestAnswersThatRepeatThemselvesAreSummedUp(t *testing.T) {
	t.Parallel()
	server := start(t, &fakeService{}, Options{SummaryInterval: time.Hour})
	for range 300 {
		ask(t, server.path, `{"cmd":"nonsense"}`)
	}
	server.stop()
	if err := server.wait(t); err != nil {
		t.Fatal(err)
	}
	// The bound of what one user may fill the log with.
	const most = 30
	lines := 0
	for line := range server.lines {
		if line["message"] == "command answered" {
			lines++
		}
		if line["message"] == "answered 300 commands of uid "+number(ownUID())+" with 400 Bad Request in the last 1h0m0s" {
			break
		}
	}
	if lines != most {
		t.Errorf("%d lines", lines)
	}
}

// One line of the log is short, whatever the request was.
func TestLogLinesOfRequestsAreShort(t *testing.T) {
	t.Parallel()
	server := start(t, &fakeService{}, Options{})
	long := strings.Repeat(`\u001b\u202e\n`, 60_000)
	for _, request := range []string{`{"cmd":"` + long + `"}`, `{"cmd":"operation_show","args":{"` + long + `":1}}`,
		`{"cmd":"delete_backup","args":{"id":"` + long + `"}}`} {
		ask(t, server.path, request)
		line := server.line(t, "command answered")
		text, err := json.Marshal(line)
		if err != nil || len(text) > 4<<10 || strings.ContainsAny(line["command"].(string)+line["reason"].(string), "\x1b\u202e") {
			t.Errorf("%d bytes: %.300s", len(text), text)
		}
	}
}
