package dbfile

import (
	"database/sql/driver"
	"fmt"
	"time"
)

// timeFormat is the one format times are written in: UTC, sorts as text, and
// both Go and Python readers parse it.
const timeFormat = "2006-01-02 15:04:05.000000-07:00"

// readFormats are the formats met in rows that other programs wrote.
var readFormats = []string{
	timeFormat,
	"2006-01-02 15:04:05.999999999-07:00",
	"2006-01-02 15:04:05.999999999",
	time.RFC3339Nano,
	"2006-01-02T15:04:05.999999999",
}

// Stamp writes and reads a time the way the tables hold it. The zero time is
// NULL.
type Stamp struct{ time.Time }

// Value implements driver.Valuer.
func (s Stamp) Value() (driver.Value, error) {
	if s.IsZero() {
		return nil, nil
	}
	return s.UTC().Format(timeFormat), nil
}

// Scan implements sql.Scanner.
func (s *Stamp) Scan(value any) error {
	switch v := value.(type) {
	case nil:
		s.Time = time.Time{}
		return nil
	case time.Time:
		s.Time = v.UTC()
		return nil
	case string:
		for _, format := range readFormats {
			if t, err := time.Parse(format, v); err == nil {
				s.Time = t.UTC()
				return nil
			}
		}
	}
	return fmt.Errorf("read time: %v (%T) is in no known format", value, value)
}

// Pointer returns the time, nil for NULL.
func (s Stamp) Pointer() *time.Time {
	if s.IsZero() {
		return nil
	}
	t := s.Time
	return &t
}

// At returns the stamp of a time.
func At(t time.Time) Stamp { return Stamp{t} }

// StampOf returns the stamp of a time that there may be none of: NULL.
func StampOf(t *time.Time) Stamp {
	if t == nil {
		return Stamp{}
	}
	return Stamp{*t}
}
