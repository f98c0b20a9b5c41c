package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
)

func TestRefusalsAreSummedUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		q := newQuota(zerolog.New(&log), time.Minute)
		told := 0
		refuse := func(n int, what string, uid uint32) {
			for range n {
				if q.take(what, uid) {
					told++
				}
			}
		}
		refuse(236_000, notAllowed, 1001)
		refuse(quotaLines, notAllowed, 1002)
		refuse(100, "400 Bad Request", 0)
		refuse(100, notAccepted, nobody)
		if told != 4*quotaLines {
			t.Errorf("%d lines at once", told)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			q.run(ctx)
			close(ended)
		}()
		<-time.After(61 * time.Second)
		synctest.Wait()
		got := map[string]any{}
		for line := range strings.Lines(log.String()) {
			var values map[string]any
			if err := json.Unmarshal([]byte(line), &values); err != nil {
				t.Fatal(err)
			}
			got[values["message"].(string)] = values[keyCount]
			if uid, named := values[keyPeerUID]; values["level"] != "warn" || named && uid != 1001.0 && uid != 0.0 {
				t.Errorf("log line %s", line)
			}
		}
		if want := map[string]any{
			"refused 236000 connections of uid 1001 in the last minute":              236000.0,
			"answered 100 commands of uid 0 with 400 Bad Request in the last minute": 100.0,
			"connections could not be accepted 100 times in the last minute":         100.0,
		}; !maps.Equal(got, want) {
			t.Errorf("got %v", got)
		}
		log.Reset()
		told = 0
		refuse(quotaLines+1, notTold, nobody)
		if told != quotaLines {
			t.Errorf("a new minute allows %d lines", told)
		}
		stop()
		<-ended
		if !strings.Contains(log.String(), "metrics could not be told 31 times in the last minute") {
			t.Errorf("at the end: %s", &log)
		}
	})
}

// However many users there are, what is counted of them is bounded.
func TestCountingIsBounded(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	q := newQuota(zerolog.New(&log), time.Second)
	for uid := range uint32(10_000) {
		q.take(notAllowed, uid)
	}
	if len(q.counts) > quotaKinds+1 {
		t.Errorf("%d kinds", len(q.counts))
	}
	q.sumUp()
	if want := "refused 9744 connections of further users in the last 1s"; !strings.Contains(log.String(), want) {
		t.Errorf("%s, want %q", &log, want)
	}
}

// A client that asks for nonsense a thousand times fills no log.
func TestAnswersThatRepeatThemselvesAreSummedUp(t *testing.T) {
	t.Parallel()
	server := start(t, &fakeService{}, Options{SummaryInterval: time.Hour})
	for range 10 * quotaLines {
		ask(t, server.path, `{"cmd":"nonsense"}`)
	}
	server.stop()
	if err := server.wait(t); err != nil {
		t.Fatal(err)
	}
	lines := 0
	for line := range server.lines {
		if line["message"] == "command answered" {
			lines++
		}
		if line["message"] == "answered 300 commands of uid "+number(ownUID())+" with 400 Bad Request in the last 1h0m0s" {
			break
		}
	}
	if lines != quotaLines {
		t.Errorf("%d lines", lines)
	}
}

// One line of the log is short, whatever the request was.
func TestLogLinesOfRequestsAreShort(t *testing.T) {
	t.Parallel()
	server := start(t, &fakeService{}, Options{})
	long := strings.Repeat(`\u001b\u202e\n`, 60_000)
	for _, request := range []string{`{"cmd":"` + long + `"}`, `{"cmd":"operation_show","args":{"` + long + `":1}}`, `{"cmd":"delete_backup","args":{"id":"` + long + `"}}`} {
		ask(t, server.path, request)
		line := server.line(t, "command answered")
		text, err := json.Marshal(line)
		if err != nil || len(text) > 4<<10 || strings.ContainsAny(line[keyCommand].(string)+line[keyReason].(string), "\x1b\u202e") {
			t.Errorf("%d bytes: %.300s", len(text), text)
		}
	}
}
