package archive

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"dbcalm-db-cmd/steps/binlog"
)

// Moment is what a restore is to bring the data to: the last transaction that is
// kept is the last one up to a time, or one of a GTID, or the last one before a
// position of the binary log, or the newest in the archive.
type Moment struct {
	// Time is set for a time, GTID for a GTID, File and Offset for a position; none
	// of them for the newest.
	Time   time.Time
	GTID   *binlog.GTID
	File   string
	Offset int64
}

// Latest is the word for the newest transaction.
const Latest = "latest"

var (
	gtidForm     = regexp.MustCompile(`^(\d+-\d+-\d+|[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}:.*)$`)
	positionForm = regexp.MustCompile(`^([^/:\s]+\.\d+):(\d+)$`)
	zoneEnd      = regexp.MustCompile(`(Z|[+-]\d\d:\d\d)$`)
)

const momentAdvice = "write a time such as \"2026-03-01 14:29:59 UTC\" or 2026-03-01T14:29:59+01:00, a GTID such as 0-1-4711 " +
	"or, of MySQL, 3e11fa47-71ca-11e1-9e33-c80aa9429562:4711, a position such as mysql-bin.000007:4711, or latest"

// ParseMoment reads a moment. A time without a zone is one of the given location;
// nil refuses that.
func ParseMoment(text string, local *time.Location) (Moment, error) {
	text = strings.TrimSpace(text)
	if text == Latest {
		return Moment{}, nil
	}
	if gtidForm.MatchString(text) {
		g, err := binlog.ParseGTID(text)
		return Moment{GTID: &g}, err
	}
	if found := positionForm.FindStringSubmatch(text); found != nil {
		offset, err := strconv.ParseInt(found[2], 10, 64)
		if err != nil {
			return Moment{}, fmt.Errorf("%.80q is no position: %w", text, err)
		}
		return Moment{File: found[1], Offset: offset}, nil
	}
	at, err := parseTime(text, local)
	return Moment{Time: at}, err
}

// parseTime reads a time of whole seconds, as a binary log has them.
func parseTime(text string, local *time.Location) (time.Time, error) {
	plain, utc := strings.CutSuffix(text, " UTC")
	if utc {
		plain += "Z"
	}
	plain = strings.Replace(plain, " ", "T", 1)
	plain = strings.ReplaceAll(plain, " ", "")
	if zoneEnd.MatchString(plain) {
		for _, form := range []string{time.RFC3339, "2006-01-02T15:04Z07:00"} {
			if at, err := time.Parse(form, plain); err == nil {
				return at.UTC(), nil
			}
		}
		return time.Time{}, fmt.Errorf("%.80q is no moment: %s", text, momentAdvice)
	}
	for _, form := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04"} {
		if _, err := time.Parse(form, plain); err != nil {
			continue
		}
		if local == nil {
			return time.Time{}, fmt.Errorf("%.80q does not say its time zone: add UTC, or an offset such as +01:00", text)
		}
		return inZone(form, plain, local)
	}
	return time.Time{}, fmt.Errorf("%.80q is no moment: %s", text, momentAdvice)
}

// inZone reads a local time. One that a change of the clocks makes come twice, or
// never, is refused.
func inZone(form, text string, local *time.Location) (time.Time, error) {
	at, err := time.ParseInLocation(form, text, local)
	if err != nil {
		return at, fmt.Errorf("read time: %w", err)
	}
	twice := false
	for _, shift := range []time.Duration{-time.Hour, time.Hour} {
		twice = twice || at.Add(shift).Format(form) == at.Format(form)
	}
	if twice || at.Format(form) != text {
		return at, fmt.Errorf("%q comes twice or never where the clocks change: add UTC, or an offset such as +01:00", text)
	}
	return at.UTC(), nil
}

// String is the moment as ParseMoment reads it, wherever it is read.
func (m Moment) String() string {
	switch {
	case m.GTID != nil:
		return m.GTID.String()
	case m.File != "":
		return fmt.Sprintf("%s:%d", m.File, m.Offset)
	case !m.Time.IsZero():
		return m.Time.UTC().Format(time.RFC3339)
	}
	return Latest
}
