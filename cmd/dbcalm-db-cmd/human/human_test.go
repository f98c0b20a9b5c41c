package human

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
		if got := Span(d); got != want {
			t.Errorf("span(%v) = %s, want %s", d, got, want)
		}
	}
}

func TestStampIsUTC(t *testing.T) {
	t.Parallel()
	there := time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC).In(time.FixedZone("elsewhere", 5*3600))
	if got := Stamp(there); got != "2025-03-01 12:00:00Z" {
		t.Errorf("got %s", got)
	}
	if got := Stamp(time.Time{}); got != "-" {
		t.Errorf("no time is shown as %s", got)
	}
}

func TestReadableSize(t *testing.T) {
	t.Parallel()
	for size, want := range map[int64]string{
		0: "0 B", 1000: "1000 B", 1 << 10: "1.0 KiB", 1181116006: "1.1 GiB", 5 << 40: "5.0 TiB",
		1<<20 - 1: "1.0 MiB", 1023 << 10: "1023.0 KiB",
	} {
		if got := Bytes(size); got != want {
			t.Errorf("%d reads %s, want %s", size, got, want)
		}
	}
}
