package archive

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"dbcalm-db-cmd/steps/testkit"
)

// memory is a File.
type memory struct{ *bytes.Reader }

func (memory) Close() error { return nil }
func (memory) Gone() bool   { return false }

// The lag is how old the newest durable transaction is while there is more, as far
// as what that says of its time can be true.
func TestLag(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	ago := func(seconds int) time.Time { return now.Add(-time.Duration(seconds) * time.Second) }
	for name, test := range map[string]struct {
		state                      State
		committed, durable, caught time.Time
		more                       bool
		want                       float64
	}{
		"nothing is missing":                     {Following, ago(90), ago(89), ago(1), false, 0},
		"more came after a rest":                 {Following, ago(90), ago(89), ago(1), true, 1},
		"it has never caught up":                 {Following, ago(90), ago(1), time.Time{}, true, 90},
		"it falls behind":                        {Following, ago(30), ago(1), ago(100), true, 30},
		"the newest is dated in the future":      {Following, ago(-900), ago(2), ago(7), true, 7},
		"the newest is dated in the past":        {Following, ago(900), ago(2), ago(3), true, 3},
		"something is in the way":                {Stuck, ago(90), ago(89), ago(20), false, 20},
		"something is in the way from the start": {Stuck, time.Time{}, time.Time{}, time.Time{}, false, 50},
		"the server is away":                     {Waiting, ago(90), ago(89), ago(80), true, 0},
		"a restore is under way":                 {Held, ago(90), ago(89), ago(80), true, 0},
	} {
		b := &board{
			status:    Status{State: test.state, Committed: test.committed, Since: ago(50)},
			durableAt: test.durable,
			caught:    test.caught,
			file:      memory{bytes.NewReader([]byte("read, more"))},
			read:      10,
		}
		if test.more {
			b.read = 4
		}
		if got := b.lag(now).Seconds(); got != test.want {
			t.Errorf("%s: %.1f s, want %.1f", name, got, test.want)
		}
	}
}

// A server that deletes its log sooner than twice the lag is warned of.
func TestKeepingIsWarnedOf(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		keeping keeping
		lag     time.Duration
		want    string
	}{
		"for ever":    {keeping{}, 24 * time.Hour, ""},
		"long enough": {keeping{set: time.Hour}, 30 * time.Minute, ""},
		"too short":   {keeping{set: time.Hour}, 31 * time.Minute, "the server deletes its binary log after 1h0m0s"},
		"deleted by hand": {keeping{set: time.Hour, seen: 10 * time.Minute}, 6 * time.Minute,
			"all of the server's binary log but the newest 10m0s"},
		"nothing is there": {keeping{set: time.Second, seen: time.Minute}, 0, ""},
	} {
		got := test.keeping.warning(test.lag)
		if test.want == "" && got != "" || !strings.Contains(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

// What a server says of how long it keeps its log is heard of, and what it has
// deleted noticed.
func TestServerThatDeletesItsLogIsWarnedOf(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	c := newCollected(t)
	c.start()
	c.await(c.write())
	c.purge()
	c.await(c.write())
	testkit.Eventually(t, "what was deleted is noticed", func() bool {
		c.running.board.mu.Lock()
		defer c.running.board.mu.Unlock()
		return c.running.board.keeping.seen == leastSeen
	})
	c.server.Exec(`SET GLOBAL binlog_expire_logs_seconds = 1`, `FLUSH BINARY LOGS`)
	c.await(c.write())
	if s := c.running.Status(); s.Warning != "" || s.Failing() != "" {
		t.Errorf("while it is idle: %+v", s)
	}
	c.troubled.Store(true)
	c.server.Exec(`FLUSH BINARY LOGS`)
	c.write()
	testkit.Eventually(t, "it is warned of", func() bool {
		return strings.Contains(
			c.running.Status().Warning,
			"a gap threatens: the server deletes its binary log after 1s, and the archive is ",
		)
	})
	testkit.Says(t, c.running.Flush(t.Context()), "something is in the way")
	c.troubled.Store(false)
	c.await(c.write())
	if s := c.running.Status(); s.Failing() != "" {
		t.Errorf("when it has caught up: %+v", s)
	}
}
