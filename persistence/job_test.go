package persistence

import (
	"errors"
	"math"
	"reflect"
	"testing"
)

func TestBeginJobEndsTheRowBefore(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	o := d.apply(step(d.accept(operation("op")), "start", "copy"))
	job, err := d.BeginJob(t.Context(), o, Job{OperationID: "op", State: "copy", Attempt: 1, Folder: "/jobs/op-2"}, program(o, 2))
	if err != nil {
		t.Fatal(err)
	}
	rows := d.processes("op")
	if len(rows) != 2 || rows[1].ID != job.ProcessID || rows[1].Status != "running" {
		t.Fatalf("rows %+v of job %+v", rows, job)
	}
	if first := rows[0]; first.Status != "success" || code(first) != 0 || first.EndTime == nil || !first.EndTime.Equal(minute(2)) {
		t.Errorf("the row before: %+v", first)
	}
	open, err := d.OpenJob(t.Context(), "op")
	want := Job{ID: job.ID, OperationID: "op", State: "copy", Attempt: 1, Folder: "/jobs/op-2", ProcessID: job.ProcessID, CreatedAt: minute(2)}
	if err != nil || !reflect.DeepEqual(open, want) {
		t.Errorf("open job %+v, %v, want %+v", open, err, want)
	}
}

func TestRowsOfProgramsThatWereInterruptedEndAsFailed(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	o := d.apply(step(d.accept(operation("op")), "start", "copy"))
	results := []*ProcessResult{
		{Output: "lines", Error: "interrupted: the machine was restarted"},
		{Output: "done", ReturnCode: pointer(int64(0))},
		nil,
	}
	for i, result := range results {
		job, err := d.BeginJob(t.Context(), o, Job{OperationID: "op", State: "copy", Attempt: i + 1}, program(o, i+2))
		if err != nil {
			t.Fatal(err)
		}
		o = d.apply(step(o, "redo", "copy", func(c *Change) { c.JobID, c.Result = job.ID, result }))
	}
	if _, err := d.BeginJob(t.Context(), o, Job{OperationID: "op"}, program(o, 9)); err != nil {
		t.Fatal(err)
	}
	rows := d.processes("op")
	for i, want := range []Process{
		{Status: "success", ReturnCode: pointer(int64(0))},
		{Status: "failed", Output: "lines", Error: "interrupted: the machine was restarted"},
		{Status: "success", Output: "done", ReturnCode: pointer(int64(0))},
		{Status: "success", ReturnCode: pointer(int64(0))},
		{Status: "running"},
	} {
		if got := rows[i]; got.Status != want.Status || got.Output != want.Output || got.Error != want.Error || code(got) != code(want) {
			t.Errorf("row %d: %+v, want %+v", i, got, want)
		}
	}
}

func TestBeginJobIsRefused(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	old := d.accept(operation("op"))
	o := d.apply(step(old, "start", "copy"))
	_, err := d.BeginJob(t.Context(), old, Job{OperationID: "op"}, program(old, 2))
	d.refused(err, ErrStale, o)
	if _, err := d.RequestCancel(t.Context(), "op", minute(2), []string{"copy"}); err != nil {
		t.Fatal(err)
	}
	_, err = d.BeginJob(t.Context(), o, Job{OperationID: "op"}, program(o, 3))
	d.refused(err, ErrCancelRequested, d.operation("op"))
	if rows := d.processes("op"); len(rows) != 1 || rows[0].Status != "running" {
		t.Errorf("a refused job left rows %+v", rows)
	}
	if _, err := d.OpenJob(t.Context(), "op"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a refused job is open: %v", err)
	}
	o.ID = "nonsense"
	if _, err := d.BeginJob(t.Context(), o, Job{}, program(o, 3)); !errors.Is(err, ErrNotFound) {
		t.Errorf("unknown operation: %v", err)
	}
}

func TestJobIsOpenUntilATransitionEndsIt(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	o := d.apply(step(d.accept(operation("op")), "start", "copy"))
	job, err := d.BeginJob(t.Context(), o, Job{OperationID: "op", State: "copy", Attempt: 1}, program(o, 2))
	if err != nil {
		t.Fatal(err)
	}
	job.PID, job.StartTicks, job.BootID = 4711, math.MaxUint64, "boot"
	if err := d.IdentifyJob(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	if err := d.SetProcessPID(t.Context(), job.ProcessID, 4712); err != nil {
		t.Fatal(err)
	}
	if row := d.newest("op"); row.PID == nil || *row.PID != 4712 {
		t.Errorf("the program's row: %+v", row)
	}
	open, err := d.OpenJob(t.Context(), "op")
	if err != nil || open.PID != 4711 || open.StartTicks != math.MaxUint64 || open.BootID != "boot" {
		t.Errorf("identified: %+v, %v", open, err)
	}
	o = d.apply(step(o, "adopt", "copy", func(c *Change) { c.AdoptedJob = job.ID }))
	if _, err := d.OpenJob(t.Context(), "op"); err != nil {
		t.Errorf("after a transition that does not end it: %v", err)
	}
	d.apply(step(o, "ok", "seal", func(c *Change) { c.JobID = job.ID }))
	if open, err := d.OpenJob(t.Context(), "op"); !errors.Is(err, ErrNotFound) {
		t.Errorf("after its end: %+v, %v", open, err)
	}
}

// A state's program is over, or goes on with its state: no transition leaves it
// running behind the operation's back.
func TestStateIsNotLeftWhileItsJobIsOpen(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	o := d.apply(step(d.accept(operation("op")), "start", "copy"))
	job, err := d.BeginJob(t.Context(), o, Job{OperationID: "op", State: "copy", Attempt: 1}, program(o, 2))
	if err != nil {
		t.Fatal(err)
	}
	adopts := func(c *Change) { c.AdoptedJob = job.ID }
	for name, change := range map[string]Change{
		"on":               step(o, "ok", "seal"),
		"to its clean-up":  step(o, "failed", "discard"),
		"by a cancel":      step(o, "cancel", "discard"),
		"back":             step(o, "rewind", "prepare"),
		"to do it again":   step(o, "redo", "copy"),
		"to its end":       step(o, "failed", "failed", func(c *Change) { c.Status = Failed }),
		"adopted and gone": step(o, "ok", "seal", adopts),
		"with another job": step(o, "ok", "seal", func(c *Change) { c.JobID = job.ID + 1 }),
	} {
		_, err := d.Apply(t.Context(), change)
		if !errors.Is(err, ErrJobOpen) {
			t.Errorf("left %s: %v", name, err)
		}
		d.refused(err, ErrJobOpen, o)
	}
	o = d.apply(step(o, "adopt", "copy", adopts))
	o = d.apply(step(o, "ok", "seal", func(c *Change) { c.JobID = job.ID }))
	d.apply(step(o, "ok", "publish"))
}
