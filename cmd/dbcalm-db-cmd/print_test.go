package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestSpan(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		-time.Second:             "0s",
		0:                        "0s",
		420 * time.Millisecond:   "420ms",
		4230 * time.Millisecond:  "4.2s",
		12400 * time.Millisecond: "12s",
		92 * time.Second:         "1m32s",
		3723 * time.Second:       "1h2m3s",
	} {
		if got := span(d); got != want {
			t.Errorf("span(%v) = %s, want %s", d, got, want)
		}
	}
}

func TestStampIsUTC(t *testing.T) {
	t.Parallel()
	there := noon.In(time.FixedZone("elsewhere", 5*3600))
	if got := stamp(there); got != "2025-03-01 12:00:00Z" {
		t.Errorf("got %s", got)
	}
	if got := stamp(time.Time{}); got != "-" {
		t.Errorf("no time is shown as %s", got)
	}
}

// Whatever a daemon, or what passes for one, has said: the terminal obeys
// nothing but our own colours, and JSON holds no control characters either.
func TestAnswersKeepTheTerminalSafe(t *testing.T) {
	t.Parallel()
	const evil = "a\x1b[2Jb\r\u202ec\u009bd\xff"
	const shown = `a\x1b[2Jb\r\u202ec\u009bd\xff`
	for _, colour := range []bool{false, true} {
		in := newInvocation(t, nil)
		in.colour = colour
		if err := in.print(in.paint(red, "own") + evil + "\n\t"); err != nil {
			t.Fatal(err)
		}
		want := "own" + shown + "\n\t"
		if colour {
			want = "\x1b[31mown\x1b[0m" + shown + "\n\t"
		}
		if got := in.stdout.String(); got != want {
			t.Errorf("colour %v: got %q, want %q", colour, got, want)
		}
	}
	in := newInvocation(t, nil)
	if err := in.printJSON([]string{evil}); err != nil {
		t.Fatal(err)
	}
	var got []string
	// JSON itself has no room for bytes that are no text.
	if err := json.Unmarshal(in.stdout.Bytes(), &got); err != nil || got[0] != strings.TrimSuffix(shown, `\xff`)+"\ufffd" {
		t.Errorf("got %q, %v", got, err)
	}
	table := table{header: []string{"NAME", "NOTE"}}
	table.add("\x1b[5m", "x")
	if got := table.String(); got != "NAME     NOTE\n\\x1b[5m  x\n" {
		t.Errorf("got %q", got)
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	table := table{header: []string{"NAME", "SIZE", "NOTE"}, right: []int{1}, indent: " "}
	table.add("├─ é", "1", "")
	table.add("b", "1000", "two\nlines")
	want := " NAME  SIZE  NOTE\n" +
		" ├─ é     1\n" +
		" b     1000  two lines\n"
	if got := table.String(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
