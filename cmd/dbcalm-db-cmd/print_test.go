package main

import (
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

func TestPrintableKeepsTheTerminalSafe(t *testing.T) {
	t.Parallel()
	if got := printable("a\x1b[31mb\r\nc\td\u0085e"); got != "a?[31mb?\nc\td?e" {
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
