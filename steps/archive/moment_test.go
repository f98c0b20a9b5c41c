package archive

import (
	"strings"
	"testing"
	"time"

	"dbcalm-db-cmd/steps/binlog"
)

func TestMoments(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for given, want := range map[string]string{
		"latest":                          "latest",
		"0-1-4711":                        "0-1-4711",
		"mysql-bin.000007:4711":           "mysql-bin.000007:4711",
		"2026-03-01 14:29:59 UTC":         "2026-03-01T14:29:59Z",
		"2026-03-01T14:29:59+01:00":       "2026-03-01T13:29:59Z",
		"2026-03-01 14:29 +01:00":         "2026-03-01T13:29:00Z",
		"2026-03-01 14:29:59":             "2026-03-01T13:29:59Z",
		"2026-07-01T14:29":                "2026-07-01T12:29:00Z",
		"2026-10-25 02:30:00":             "error: comes twice or never",
		"2026-03-29 02:30:00":             "error: comes twice or never",
		"yesterday":                       "error: is no moment",
		"":                                "error: is no moment",
		"0-1-99999999999999999999":        "error: is no GTID",
		"../x.000001:4":                   "error: is no moment",
		"x.000001:99999999999999999999":   "error: is no position",
		"2026-13-01 14:29:59 UTC":         "error: is no moment",
		"3e11fa47-71ca-11e1-9e33-c80a:12": "error: is no moment",

		"3E11FA47-71ca-11e1-9e33-c80aa9429562:4711":         "3e11fa47-71ca-11e1-9e33-c80aa9429562:4711",
		"3e11fa47-71ca-11e1-9e33-c80aa9429562:nightly:4711": "3e11fa47-71ca-11e1-9e33-c80aa9429562:nightly:4711",
		"3e11fa47-71ca-11e1-9e33-c80aa9429562:1-4711":       "error: is no GTID",
	} {
		m, err := ParseMoment(given, berlin)
		got := m.String()
		if err != nil {
			got = "error: " + err.Error()
		}
		if text, fails := strings.CutPrefix(want, "error: "); fails && !strings.Contains(got, text) || !fails && got != want {
			t.Errorf("%q: got %s, want %s", given, got, want)
		}
		if again, err := ParseMoment(got, nil); !strings.HasPrefix(got, "error") && (err != nil || again.String() != got) {
			t.Errorf("%q is written %q, and read as %s, %v", given, got, again, err)
		}
	}
	if _, err := ParseMoment("2026-03-01 14:29:59", nil); err == nil || !strings.Contains(err.Error(), "does not say its time zone") {
		t.Errorf("a time without a zone: %v", err)
	}
}

// What the clocks say does not end a replay, and is told.
func TestChooserAndClocks(t *testing.T) {
	t.Parallel()
	base := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	at := func(seconds int) time.Time { return base.Add(time.Duration(seconds) * time.Second) }
	year := 365 * 24 * 3600
	for name, test := range map[string]struct {
		seconds []int
		to      time.Time
		kept    int
		notes   string
	}{
		"in order":                 {[]int{1, 2, 3, 4}, at(3), 3, ""},
		"the second itself":        {[]int{1, 2, 3, 3, 3, 4}, at(3), 5, ""},
		"none":                     {[]int{5, 6}, at(3), 0, ""},
		"one from the future":      {[]int{1, 5 * year, 2, 3, 4}, at(3), 4, "dated in the future, by a client or a clock: 1 transaction;"},
		"the clock went back":      {[]int{1, 2, 9, 3, 4}, at(5), 2, "2 of the transactions left out are dated at or before the moment"},
		"it went back before":      {[]int{1, 4, 2, 5, 8}, at(6), 4, "the server's clock, or a client's, went back at 0-1-3"},
		"all, and no more is read": {[]int{1, 2}, at(50), 2, ""},
	} {
		c := &chooser{moment: Moment{Time: test.to}, plan: &Plan{}}
		s := &Segment{Number: 1, File: "log.000001", ReadAt: at(60)}
		for i, second := range test.seconds {
			g := &binlog.Group{GTID: binlog.GTID{Server: 1, Seq: uint64(i + 1)}, Time: at(second), Offset: int64(100 * i), End: int64(100 * (i + 1))}
			c.take(s, g)
		}
		notes := strings.Join(c.notes(), "; ")
		if c.plan.Transactions != test.kept || !strings.Contains(notes, test.notes) || test.notes == "" && notes != "" {
			t.Errorf("%s: kept %d of %v, want %d; notes: %s", name, c.plan.Transactions, test.seconds, test.kept, notes)
		}
		if left := c.plan.Next != nil; left != (test.kept < len(test.seconds)) {
			t.Errorf("%s: the first left out is %+v", name, c.plan.Next)
		}
	}
}

func TestNeeded(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC)
	old, young := now.AddDate(0, 0, -20), now.AddDate(0, 0, -2)
	for _, test := range []struct {
		oldest time.Time
		days   int
		want   time.Time
	}{
		{time.Time{}, 7, time.Time{}}, {old, 0, old}, {old, 7, old}, {young, 7, now.AddDate(0, 0, -7)}, {young, 0, young},
	} {
		if got := Needed(test.oldest, test.days, now); !got.Equal(test.want) {
			t.Errorf("oldest backup %s, %d days: got %s, want %s", test.oldest, test.days, got, test.want)
		}
	}
}
