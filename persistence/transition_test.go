package persistence

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"
)

func TestApplyMovesAnOperation(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	o := d.apply(step(d.accept(operation("op")), "start", "copy"))
	if o.State != "copy" || o.Status != Running || o.Seq != 2 || o.StartedAt == nil || !o.StartedAt.Equal(minute(1)) || o.FinishedAt != nil {
		t.Errorf("after the first transition: %+v", o)
	}
	o = d.apply(step(o, "failed", "discard", func(c *Change) {
		c.Data, c.FailedIn, c.Error, c.Attempt = json.RawMessage(`{"work":"/w"}`), "copy", "disk full", 2
	}))
	o = d.apply(step(o, "failed", "failed", func(c *Change) { c.Status, c.FailedIn, c.Error = Failed, o.FailedIn, o.Error }))
	want := operation("op")
	want.Number, want.State, want.Status, want.Seq, want.Attempt = 1, "failed", Failed, 4, 2
	want.Data, want.FailedIn, want.Error = json.RawMessage(`{"work":"/w"}`), "copy", "disk full"
	want.StartedAt, want.FinishedAt = pointer(minute(1)), pointer(minute(3))
	if !reflect.DeepEqual(o, want) || !reflect.DeepEqual(o, d.operation("op")) {
		t.Errorf("at its end\n%+v\nwant\n%+v", o, want)
	}
	transitions, err := d.Transitions(t.Context(), "op")
	if err != nil {
		t.Fatal(err)
	}
	wanted := []Transition{
		{1, "", "accept", "queued", 1, noon, "command accepted"},
		{2, "queued", "start", "copy", 1, minute(1), "start leads to copy"},
		{3, "copy", "failed", "discard", 2, minute(2), "failed leads to discard"},
		{4, "discard", "failed", "failed", 2, minute(3), "failed leads to failed"},
	}
	if !reflect.DeepEqual(transitions, wanted) {
		t.Errorf("transitions\n%+v\nwant\n%+v", transitions, wanted)
	}
}

func TestApplyRefusesAnOperationThatHasMovedOn(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	o := d.apply(step(d.accept(operation("op")), "start", "copy"))
	for name, spoil := range map[string]func(*Change){
		"an old number":   func(c *Change) { c.Seq-- },
		"a future number": func(c *Change) { c.Seq++ },
		"another state":   func(c *Change) { c.From = "seal" },
	} {
		t.Run(name, func(t *testing.T) {
			c := step(o, "ok", "done", spoil, func(c *Change) {
				c.Status, c.Backup, c.DeleteBackup = Succeeded, &Backup{ID: "b", StartTime: noon}, "x"
			})
			_, err := d.Apply(t.Context(), c)
			d.refused(err, ErrStale, o)
			if _, err := d.Backup(t.Context(), "b"); !errors.Is(err, ErrNotFound) {
				t.Errorf("a refused change recorded the backup: %v", err)
			}
		})
	}
	if _, err := d.Apply(t.Context(), Change{OperationID: "nonsense", Seq: 1}); !errors.Is(err, ErrNotFound) {
		t.Errorf("unknown operation: %v", err)
	}
}

func TestApplyHonoursACancel(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	o := d.apply(step(d.accept(operation("op")), "start", "copy"))
	honour := func(c *Change) { c.HonourCancel = true }
	d.apply(step(o, "ok", "seal", honour))
	o, err := d.RequestCancel(t.Context(), "op", minute(9), []string{"seal"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.Apply(t.Context(), step(o, "ok", "publish", honour))
	d.refused(err, ErrCancelRequested, d.operation("op"))
	o = d.apply(step(o, "cancel", "discard"))
	if o.State != "discard" || o.CancelAt == nil {
		t.Errorf("a change that does not honour the cancel: %+v", o)
	}
}

func TestReopenBeginsAnew(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	o := d.accept(operation("op"), Claim{BackupID: "b", Use: Makes}, Claim{BackupID: "base", Use: Reads})
	if _, err := d.RequestCancel(t.Context(), "op", noon, []string{"queued"}); err != nil {
		t.Fatal(err)
	}
	o = d.apply(step(o, "failed", "failed", func(c *Change) { c.Status, c.Error = Failed, "why" }))
	again := step(o, "retry", "queued", func(c *Change) {
		c.Status, c.Attempt = Waiting, 2
		c.Reopen = pointer(firstProcess(o))
	})
	// Another operation that uses the backups meanwhile stands in the way.
	rival := d.accept(operation("rival"), Claim{BackupID: "base", Use: Deletes})
	_, err := d.Apply(t.Context(), again)
	var claimed *ClaimedError
	if !errors.As(err, &claimed) || claimed.Holder.OperationID != "rival" {
		t.Errorf("with a rival: %v", err)
	}
	d.apply(step(rival, "failed", "failed", func(c *Change) { c.Status = Failed }))

	o = d.apply(again)
	if o.Status != Waiting || o.CancelAt != nil || o.FinishedAt != nil || o.Attempt != 2 {
		t.Errorf("reopened: %+v", o)
	}
	rows := d.processes("op")
	if len(rows) != 2 || rows[0].Status != "failed" || rows[1].Status != "running" {
		t.Errorf("process rows: %+v", rows)
	}
	// It holds its claims again.
	second := operation("second")
	if err := offer(t.Context(), d.Store, second, nil, Claim{BackupID: "b", Use: Makes}); !errors.Is(err, ErrExists) {
		t.Errorf("a second maker: %v", err)
	}
}

func TestReopenIsRefusedWhenTheBackupWasMadeByAnother(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	o := d.accept(operation("op"), Claim{BackupID: "b", Use: Makes})
	o = d.apply(step(o, "failed", "failed", func(c *Change) { c.Status = Failed }))
	d.record("b", "")
	_, err := d.Apply(t.Context(), step(o, "retry", "queued", func(c *Change) { c.Status, c.Reopen = Waiting, pointer(firstProcess(o)) }))
	d.refused(err, ErrExists, o)
	if rows := d.processes("op"); len(rows) != 1 {
		t.Errorf("a refused retry left process rows: %+v", rows)
	}
}

func TestInterruptionsAreCountedSinceTheLastRetry(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	o := d.apply(step(d.accept(operation("op")), "start", "copy"))
	expect := func(state string, want int) {
		t.Helper()
		if n, err := d.Interruptions(t.Context(), "op", state); err != nil || n != want {
			t.Errorf("interruptions in %s after transition %d: %d, %v, want %d", state, o.Seq, n, err, want)
		}
	}
	expect("copy", 0)
	for _, move := range []struct {
		event, to  string
		copy, seal int
	}{
		{"redo", "copy", 1, 0}, {"adopt", "copy", 1, 0}, {"ok", "seal", 1, 0}, {"redo", "seal", 1, 1},
		{"rewind", "copy", 1, 2}, {"rewind", "prepare", 2, 2}, {"ok", "copy", 2, 2}, {"exhausted", "failed", 2, 2},
		{"retry", "copy", 0, 0}, {"redo", "copy", 1, 0}, {"retry", "copy", 0, 0}, {"failed", "failed", 0, 0},
	} {
		o = d.apply(step(o, move.event, move.to))
		expect("copy", move.copy)
		expect("seal", move.seal)
	}
	if n, err := d.Interruptions(t.Context(), "nonsense", "copy"); err != nil || n != 0 {
		t.Errorf("of an unknown operation: %d, %v", n, err)
	}
}
