package persistence

import (
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestAcceptRecordsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	o := d.accept(operation("op"), Claim{BackupID: "b-op", Use: Makes})
	want := operation("op")
	want.Number = 1
	if !reflect.DeepEqual(o, want) {
		t.Errorf("stored\n%+v\nwant\n%+v", o, want)
	}
	transitions, err := d.Transitions(t.Context(), "op")
	if err != nil {
		t.Fatal(err)
	}
	accepted := []Transition{{Seq: 1, Event: "accept", To: "queued", Attempt: 1, At: noon, Reason: "command accepted"}}
	if !reflect.DeepEqual(transitions, accepted) {
		t.Errorf("transitions are %+v, want %+v", transitions, accepted)
	}
	row := d.newest("op")
	process := Process{ID: 1, SharedID: 1, CommandID: "op", Command: "dbcalm-db-cmd full_backup", Status: "running", StartTime: noon,
		Type: TypeBackup, Args: o.Args}
	if !reflect.DeepEqual(row, process) {
		t.Errorf("process row is %+v, want %+v", row, process)
	}
}

func TestRefusedAcceptRecordsNothing(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	d.accept(operation("op"))
	o := operation("op")
	if err := offer(t.Context(), d.Store, o, nil, Claim{BackupID: "x", Use: Makes}); err == nil {
		t.Fatal("one id was accepted twice")
	}
	db := d.ledgerDB()
	for query, want := range map[string]string{
		`SELECT count(*) FROM operation`: "1", `SELECT count(*) FROM operation_claim`: "0",
		`SELECT count(*) FROM operation_transition`: "1", `SELECT count(*) FROM process`: "1",
	} {
		if got := read(t, db, query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}

func TestRecordedBackupIsNotMadeAgain(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	d.record("b", "")
	o := operation("op")
	for use, want := range map[Use]error{Makes: ErrExists, Reads: nil, Deletes: nil} {
		o.ID = string(use)
		err := offer(t.Context(), d.Store, o, nil, Claim{BackupID: "b", Use: use})
		if !errors.Is(err, want) {
			t.Errorf("an operation that %s it: %v, want %v", use, err, want)
		}
		if err == nil {
			d.apply(step(d.operation(o.ID), "failed", "failed", func(c *Change) { c.Status = Failed }))
		}
	}
}

func TestClaimsExcludeEachOther(t *testing.T) {
	t.Parallel()
	const fine, exists, claimed = "fine", "exists", "claimed"
	verdicts := map[[2]Use]string{
		{Makes, Makes}: exists, {Makes, Reads}: claimed, {Makes, Deletes}: claimed,
		{Reads, Makes}: claimed, {Reads, Reads}: fine, {Reads, Deletes}: claimed,
		{Deletes, Makes}: claimed, {Deletes, Reads}: claimed, {Deletes, Deletes}: claimed,
	}
	d := openNew(t)
	for uses, want := range verdicts {
		for _, status := range []Status{Waiting, Running, Succeeded, Failed, Cancelled} {
			backup := fmt.Sprintf("b-%s-%s-%s", uses[0], uses[1], status)
			holder := d.accept(operation("holder-"+backup), Claim{BackupID: "other", Use: Reads}, Claim{BackupID: backup, Use: uses[0]})
			if status != Waiting {
				d.apply(step(holder, "x", "somewhere", func(c *Change) { c.Status = status }))
			}
			o := operation("second-" + backup)
			err := offer(t.Context(), d.Store, o, nil, Claim{BackupID: "free-" + backup, Use: Makes}, Claim{BackupID: backup, Use: uses[1]})
			got := fine
			var c *ClaimedError
			switch {
			case errors.Is(err, ErrExists):
				got = exists
			case errors.As(err, &c):
				got = claimed
				if c.Holder != (Claim{OperationID: holder.ID, BackupID: backup, Use: uses[0]}) {
					t.Errorf("%v: the holder is said to be %+v", uses, c.Holder)
				}
				if !strings.Contains(err.Error(), fmt.Sprintf("operation %s %s backup '%s'", holder.ID, uses[0], backup)) {
					t.Errorf("%v: %v", uses, err)
				}
			case err != nil:
				got = err.Error()
			}
			expected := want
			if !status.Open() {
				expected = fine
			}
			if got != expected {
				t.Errorf("one %s (%s), the next %s: %s, want %s", uses[0], status, uses[1], got, expected)
			}
		}
	}
}

func TestOperationsAreListedNewestFirst(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	for i, status := range []Status{Waiting, Running, Succeeded, Failed, Cancelled} {
		o := d.accept(operation(fmt.Sprint(i)))
		if status != Waiting {
			d.apply(step(o, "x", "in_"+string(status), func(c *Change) { c.Status = status }))
		}
	}
	tests := []struct {
		limit int
		word  string
		want  string
	}{
		{10, "", "43210"}, {2, "", "43"}, {10, "waiting", "0"}, {10, "queued", "0"},
		{10, "failed", "3"}, {10, "in_failed", "3"}, {10, "nonsense", ""}, {0, "", ""},
	}
	for _, test := range tests {
		operations, err := d.Operations(t.Context(), test.limit, test.word)
		if err != nil {
			t.Fatal(err)
		}
		if got := ids(operations); got != test.want {
			t.Errorf("%d of %q: %s, want %s", test.limit, test.word, got, test.want)
		}
	}
	open, err := d.OpenOperations(t.Context())
	if err != nil || ids(open) != "01" {
		t.Errorf("open operations, oldest first: %s, %v", ids(open), err)
	}
	if _, err := d.Operation(t.Context(), "nonsense"); !errors.Is(err, ErrNotFound) {
		t.Errorf("unknown operation: %v", err)
	}
}

func ids(operations []Operation) (joined string) {
	for _, o := range operations {
		joined += o.ID
	}
	return joined
}

func TestRequestCancel(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	ask := func(n int, states ...string) (Operation, error) {
		return d.RequestCancel(t.Context(), "op", minute(n), states)
	}
	if _, err := ask(1, "queued"); !errors.Is(err, ErrNotFound) {
		t.Errorf("unknown operation: %v", err)
	}
	o := d.accept(operation("op"))
	if got, err := ask(2, "copy", "seal"); !errors.Is(err, ErrStale) || got.State != "queued" {
		t.Errorf("in a state that is not listed: %v, %v", got.State, err)
	}
	if d.operation("op").CancelAt != nil {
		t.Error("a refused cancel was noted")
	}
	got, err := ask(3, "copy", "queued")
	if err != nil || got.CancelAt == nil || !got.CancelAt.Equal(minute(3)) {
		t.Errorf("in a listed state: %v, %v", got.CancelAt, err)
	}
	// The first request counts, wherever the operation is by now.
	o = d.apply(step(o, "cancel", "discard"))
	got, err = ask(4, "copy", "queued")
	if err != nil || got.CancelAt == nil || !got.CancelAt.Equal(minute(3)) {
		t.Errorf("asked twice: %v, %v", got.CancelAt, err)
	}
	o = d.apply(step(o, "cancelled", "queued", func(c *Change) { c.Status = Cancelled }))
	if got, err = ask(5, "copy", "queued"); !errors.Is(err, ErrStale) || got.Status != Cancelled {
		t.Errorf("after its end: %v, %v", got.Status, err)
	}
	if o.Seq != 3 {
		t.Errorf("a cancel request counted as a transition: seq %d", o.Seq)
	}
}

func TestRestoreIsFoundByWhatItReplaced(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	expect := func(what string, want time.Time) {
		t.Helper()
		if at, err := d.RestoredSince(t.Context(), Backup{}); err != nil || !at.Equal(want) {
			t.Errorf("%s: %v, %v, want %v", what, at, err, want)
		}
	}
	expect("no restore", time.Time{})
	for i, restore := range []struct {
		replaces bool
		status   Status
		want     time.Time
	}{
		{false, Succeeded, time.Time{}},
		{true, Failed, time.Time{}},
		{true, Cancelled, time.Time{}},
		{true, Succeeded, minute(4)},
		{true, Succeeded, minute(5)},
		{true, Running, minute(5)},
		{true, Failed, minute(5)},
	} {
		o := operation(fmt.Sprint(i))
		o.ReplacesDataDirectory = restore.replaces
		o = d.accept(o)
		d.apply(step(o, "x", "somewhere", func(c *Change) { c.Status, c.At = restore.status, minute(i+1) }))
		expect(fmt.Sprintf("after %s, replacing %v", restore.status, restore.replaces), restore.want)
	}
}

// Earlier programs knew by the machine's name which operations replace the data
// directory, and did not say so of each.
func TestRestoreByAnEarlierProgramIsKnown(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "older.sqlite3")
	db := outsider(t, path)
	migrateUpTo(t, db, "replaces_data_directory")
	for i, machine := range []string{"restore_database", "restore_folder"} {
		run(t, db, fmt.Sprintf(`INSERT INTO operation (id, machine, definition, backup_id, args,
				state, status, seq, attempt, data, failed_in, error, created_at, finished_at)
			VALUES ('%s', '%[1]s', '', 'b', '{}', 'done', 'succeeded', 7, 1, '{}', '', '',
				'2026-03-04 12:00:00.000000+00:00', '2026-03-04 12:0%[2]d:00.000000+00:00')`, machine, i+1))
	}
	run(t, db, `INSERT INTO operation_end (operation_id, seq, machine, backup_id,
			state, status, attempt, failed_in, error, at, on_finish, on_finish_error)
		SELECT id, seq, machine, backup_id, state, status, attempt, failed_in, error, finished_at, '', '' FROM operation`)
	d := openAt(t, path)
	if at, err := d.RestoredSince(t.Context(), Backup{}); err != nil || !at.Equal(time.Date(2026, 3, 4, 12, 1, 0, 0, time.UTC)) {
		t.Errorf("restored at %v, %v", at, err)
	}
	for machine, want := range map[string]bool{"restore_database": true, "restore_folder": false} {
		if o := d.operation(machine); o.ReplacesDataDirectory != want {
			t.Errorf("%s: %v", machine, o.ReplacesDataDirectory)
		}
	}
}
