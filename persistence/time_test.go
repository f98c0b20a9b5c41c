package persistence

import (
	"database/sql"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"dbcalm-db-cmd/persistence/dbfile"
)

// writtenForm is what Go's and Python's readers of the shared tables parse.
var writtenForm = regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}\+00:00$`)

func TestTimesAreWrittenInTheSharedForm(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	o := operation("op")
	o.CreatedAt = time.Date(2026, 3, 4, 1, 2, 3, 0, time.FixedZone("CET", 3600))
	o = d.apply(step(d.accept(o), "start", "copy"))
	d.apply(step(o, "ok", "done", func(c *Change) {
		c.Status = Succeeded
		c.Backup = &Backup{ID: "b", StartTime: time.Now(), EndTime: pointer(time.Now())}
		c.Restore = &Restore{BackupID: "b", BackupTimestamp: time.Now(), StartTime: time.Now(), EndTime: time.Now()}
	}))
	db := outsider(t, d.path)
	for _, column := range []string{
		"process.start_time", "process.end_time", "backup.start_time", "backup.end_time", "restore.backup_timestamp",
		"restore.start_time", "restore.end_time",
	} {
		checkWritten(t, db, column)
	}
	for _, column := range []string{
		"process.start_time", "backup.start_time", "restore.start_time", "operation.created_at", "operation.started_at", "operation.finished_at",
		"operation_transition.at",
	} {
		checkWritten(t, d.ledgerDB(), column)
	}
	if text := read(t, d.ledgerDB(), `SELECT created_at || '' FROM operation`); text != "2026-03-04 00:02:03.000000+00:00" {
		t.Errorf("a time of another zone is written as %q", text)
	}
}

func checkWritten(t *testing.T, db *sql.DB, column string) {
	t.Helper()
	table, name, _ := strings.Cut(column, ".")
	// The concatenation hides the column's type from the driver.
	if text := read(t, db, `SELECT `+name+` || '' FROM `+table); !writtenForm.MatchString(text) {
		t.Errorf("%s holds %q", column, text)
	}
}

func TestTimesSortAsText(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	var times []time.Time
	var texts []string
	for range 200 {
		at := time.Unix(random.Int64N(1<<32), random.Int64N(1_000_000)*1000)
		times = append(times, at)
		value, err := dbfile.At(at).Value()
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, value.(string))
	}
	slices.SortFunc(times, time.Time.Compare)
	slices.Sort(texts)
	for i, at := range times {
		if value, _ := dbfile.At(at).Value(); value != texts[i] {
			t.Fatalf("sorted as text, %q stands where %q belongs", texts[i], value)
		}
	}
}

func TestTimesOfOtherProgramsAreRead(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	d.record("b", "")
	// Rows that others wrote are in the ledger if they were moved there.
	db := d.ledgerDB()
	full := time.Date(2026, 3, 4, 5, 6, 7, 891011000, time.UTC)
	tests := []struct {
		text string
		want time.Time
	}{
		{"2026-03-04 05:06:07.891011+00:00", full},
		{"2026-03-04 05:06:07.891011", full},
		{"2026-03-04T05:06:07.891011", full},
		{"2026-03-04T05:06:07.891011Z", full},
		{"2026-03-04T05:06:07.891011+00:00", full},
		{"2026-03-04 07:06:07.891011+02:00", full},
		{"2026-03-04 05:06:07.891011 +0000 UTC", full},
		{"2026-03-04 05:06:07.891011 +0000 UTC m=+0.012", full},
		{"2026-03-04 05:06:07", full.Truncate(time.Second)},
		{"2026-03-04 05:06:07+00:00", full.Truncate(time.Second)},
		{"2026-03-04T05:06:07Z", full.Truncate(time.Second)},
		{"2026-03-04 05:06", time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC)},
		{"2026-03-04", time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)},
	}
	for _, test := range tests {
		if _, err := db.ExecContext(t.Context(), `UPDATE backup SET start_time = ?, end_time = ?`, test.text, test.text); err != nil {
			t.Fatal(err)
		}
		b, err := d.Backup(t.Context(), "b")
		if err != nil {
			t.Errorf("%q: %v", test.text, err)
			continue
		}
		if b.StartTime != test.want || b.EndTime == nil || *b.EndTime != test.want {
			t.Errorf("%q is read as %v, want %v", test.text, b.StartTime, test.want)
		}
	}
	run(t, db, `UPDATE backup SET start_time = 'yesterday'`)
	if b, err := d.Backup(t.Context(), "b"); err == nil {
		t.Errorf("'yesterday' is read as %v", b.StartTime)
	}
	run(t, db, `UPDATE backup SET start_time = NULL, end_time = NULL`)
	if b, err := d.Backup(t.Context(), "b"); err != nil || !b.StartTime.IsZero() || b.EndTime != nil {
		t.Errorf("NULL is read as %v and %v, %v", b.StartTime, b.EndTime, err)
	}
}

// The driver hands over a time it could parse and the text otherwise; from an
// expression it hands over the text of both.
func TestStampScansText(t *testing.T) {
	t.Parallel()
	want := time.Date(2026, 3, 4, 5, 6, 7, 891011000, time.UTC)
	for _, text := range []string{
		"2026-03-04 05:06:07.891011+00:00", "2026-03-04 05:06:07.891011", "2026-03-04T05:06:07.891011Z", "2026-03-04T05:06:07.891011",
	} {
		var s dbfile.Stamp
		if err := s.Scan(text); err != nil || s.Time != want {
			t.Errorf("%q: %v, %v", text, s.Time, err)
		}
	}
	for _, value := range []any{"", "noon", int64(5), []byte("2026-03-04 05:06:07")} {
		var s dbfile.Stamp
		if err := s.Scan(value); err == nil {
			t.Errorf("%v (%T) is read as %v", value, value, s.Time)
		}
	}
	var none dbfile.Stamp
	if err := none.Scan(nil); err != nil || none.Pointer() != nil {
		t.Errorf("NULL: %v, %v", none.Time, err)
	}
	if value, err := (dbfile.Stamp{}).Value(); err != nil || value != nil {
		t.Errorf("the zero time is written as %v, %v", value, err)
	}
	if none := dbfile.StampOf(nil); !none.IsZero() {
		t.Errorf("no time is %v", none.Time)
	}
}
