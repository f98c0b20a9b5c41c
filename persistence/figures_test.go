package persistence

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"dbcalm-db-cmd/persistence/dbfile"
	"dbcalm-db-cmd/steps/testkit"
)

var secondBounds = []float64{1, 60, 3600}

func (d *database) figures() Figures {
	d.t.Helper()
	f, err := d.Figures(d.t.Context(), secondBounds)
	if err != nil {
		d.t.Fatal(err)
	}
	return f
}

// run carries an operation from its acceptance to an end that it reaches so
// long after its start.
func (d *database) run(id, machine string, took time.Duration, ends func(*Change)) {
	d.t.Helper()
	o := operation(id)
	o.Machine = machine
	o = d.accept(o)
	o = d.apply(step(o, "start", "copy"))
	d.apply(step(o, "ok", "done", func(c *Change) { c.At = o.StartedAt.Add(took); c.Status = Succeeded }, ends))
}

func TestFigures(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	if f := d.figures(); !reflect.DeepEqual(f, Figures{}) {
		t.Errorf("of an empty database: %+v", f)
	}
	same := func(*Change) {}
	d.run("1", "full_backup", time.Second, same)
	d.run("2", "full_backup", 90*time.Second, owing)
	d.run("3", "full_backup", 2*time.Hour, failing)
	d.run("4", "restore_folder", 1500*time.Millisecond, same)
	d.accept(operation("5"))
	o := d.apply(step(d.accept(operation("6")), "start", "copy"))
	for _, event := range []string{"adopt", "redo", "redo"} {
		o = d.apply(step(o, event, "copy"))
	}
	want := Figures{
		Open: []OpenFigure{{"full_backup", Running, 1}, {"full_backup", Waiting, 1}},
		Ends: []EndFigure{{"full_backup", Failed, "copy", 1, minute(121)}, {"full_backup", Succeeded, "", 2, minute(1).Add(90 * time.Second)},
			{"restore_folder", Succeeded, "", 1, minute(1).Add(1500 * time.Millisecond)}},
		Took:         []TookFigure{{"full_backup", 2, 91, []uint64{1, 1, 2}}, {"restore_folder", 1, 1.5, []uint64{0, 1, 1}}},
		Survived:     []SurvivedFigure{{"full_backup", "adopt", 1}, {"full_backup", "redo", 2}},
		OnFinishOwed: 1,
	}
	got := d.figures()
	for i, took := range got.Took {
		// Times are kept to the millisecond where SQLite calculates with them.
		if took.Seconds < want.Took[i].Seconds-0.01 || took.Seconds > want.Took[i].Seconds+0.01 {
			t.Errorf("%s took %v s in all, want %v", took.Machine, took.Seconds, want.Took[i].Seconds)
		}
		got.Took[i].Seconds = want.Took[i].Seconds
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
	if err := d.SettleOnFinish(t.Context(), d.owed().Number, "no luck"); err != nil {
		t.Fatal(err)
	}
	if f := d.figures(); f.OnFinishOwed != 0 || f.OnFinishFailed != 1 {
		t.Errorf("on_finish: %d owed, %d failed", f.OnFinishOwed, f.OnFinishFailed)
	}
}

// A retry takes the end of an operation's row back; what was counted stays
// counted, or a counter would seem to have begun anew.
func TestFiguresOnlyGrow(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	o := d.apply(step(d.accept(operation("1")), "failed", "failed", failing))
	process := firstProcess(o)
	o = d.apply(step(o, "retry", "queued", func(c *Change) { c.Status, c.Reopen = Waiting, &process }))
	failed := EndFigure{"full_backup", Failed, "copy", 1, minute(1)}
	if f := d.figures(); !reflect.DeepEqual(f.Ends, []EndFigure{failed}) {
		t.Errorf("after the retry: %+v", f.Ends)
	}
	d.apply(step(o, "ok", "done", func(c *Change) { c.Status, c.At = Succeeded, minute(5) }))
	if f := d.figures(); !reflect.DeepEqual(f.Ends, []EndFigure{failed, {"full_backup", Succeeded, "", 1, minute(5)}}) {
		t.Errorf("after the end: %+v", f.Ends)
	}
}

// What is asked often is answered from indexes, however long the history is: the
// rows hold texts of any length.
func TestQuestionsAreAnsweredFromIndexes(t *testing.T) {
	t.Parallel()
	db := openNew(t).ledgerDB()
	for _, test := range []struct{ query, index string }{
		{`SELECT count(*) FROM operation_end WHERE on_finish = 'owed'`, "operation_end_owed"},
		{`SELECT error FROM operation_end WHERE status = 'failed' ORDER BY number DESC LIMIT 1`, "operation_end_failed"},
		{`SELECT number FROM operation WHERE state = 'done' ORDER BY number DESC LIMIT 50`, "COVERING INDEX operation_state"},
		{`SELECT number FROM operation WHERE status = 'failed' ORDER BY number DESC LIMIT 50`, "COVERING INDEX operation_status"},
		{`SELECT number FROM operation WHERE id >= 'a' AND id < 'b' LIMIT 50`, "sqlite_autoindex_operation_1 (id>? AND id<?)"},
		{`SELECT operation.id FROM operation WHERE ` + strings.NewReplacer("?1", "'2026'", "?2", "7").Replace(old) + ` ORDER BY operation.finished_at, operation.number LIMIT 20`, "operation_finished (finished_at<?)"},
	} {
		plan := ""
		rows, err := db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+test.query)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var id, parent, unused int
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				t.Fatal(err)
			}
			plan += detail + "; "
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(plan, test.index) || strings.Contains(plan, "TEMP B-TREE") {
			t.Errorf("%s\nis answered by: %s\nwant %s", test.query, plan, test.index)
		}
	}
}

func TestLastFailure(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	if _, err := d.LastFailure(t.Context()); !errors.Is(err, ErrNotFound) {
		t.Errorf("without one: %v", err)
	}
	for i := range 3 {
		d.run(fmt.Sprint(i), "full_backup", time.Second, failing)
	}
	d.run("good", "full_backup", time.Second, func(*Change) {})
	if e, err := d.LastFailure(t.Context()); err != nil || e.OperationID != "2" || e.Error != "no luck" {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestCheckWritable(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	d := openNew(t)
	ledger := d.ledgerDB()
	before := read(t, ledger, `SELECT group_concat(version) FROM operation_schema`)
	if err := d.CheckWritable(t.Context()); err != nil {
		t.Error(err)
	}
	if after := read(t, ledger, `SELECT group_concat(version) FROM operation_schema`); after != before {
		t.Errorf("versions became %s", after)
	}
	db := outsider(t, d.path)
	db.SetMaxOpenConns(1)
	run(t, db, `BEGIN IMMEDIATE`)
	var broken *dbfile.Error
	err := d.CheckWritable(t.Context())
	if !errors.As(err, &broken) || broken.Path != d.path || !strings.Contains(err.Error(), "another program holds a lock on it") {
		t.Errorf("while locked: %v", err)
	}
	run(t, db, `ROLLBACK`)
}
