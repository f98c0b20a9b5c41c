package access

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
		q := NewQuota(zerolog.New(&log), time.Minute)
		told := 0
		refuse := func(n int, what string, uid uint32) {
			for range n {
				if q.Take(what, uid) {
					told++
				}
			}
		}
		refuse(236_000, NotAllowed, 1001)
		refuse(quotaLines, NotAllowed, 1002)
		refuse(100, "400 Bad Request", 0)
		refuse(100, NotAccepted, Nobody)
		if told != 4*quotaLines {
			t.Errorf("%d lines at once", told)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			q.Run(ctx)
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
			got[values["message"].(string)] = values["count"]
			if uid, named := values["peer_uid"]; values["level"] != "warn" || named && uid != 1001.0 && uid != 0.0 {
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
		refuse(quotaLines+1, NotTold, Nobody)
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
	q := NewQuota(zerolog.New(&log), time.Second)
	for uid := range uint32(10_000) {
		q.Take(NotAllowed, uid)
	}
	if len(q.counts) > quotaKinds+1 {
		t.Errorf("%d kinds", len(q.counts))
	}
	q.sumUp()
	if want := "refused 9744 connections of further users in the last 1s"; !strings.Contains(log.String(), want) {
		t.Errorf("%s, want %q", &log, want)
	}
}
