package machine

import (
	"context"
	"strings"
	"testing"
	"time"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/testkit"
)

func TestOperationWaitsForItsDatabase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	begun, letGo := make(chan string), make(chan error)
	w.replace["stage_chain"] = steps.Step{Run: block(begun, letGo)}
	w.start()
	id := w.restore("full")
	<-begun
	other := w.ledger()
	w.exec(other, `BEGIN IMMEDIATE`)
	letGo <- errLuck
	if v := w.show(id); v.State != "stage" {
		t.Errorf("it moved to %s without its database", v.State)
	}
	w.exec(other, `ROLLBACK`)
	if v := w.ends(id, persistence.Failed); v.Error != errLuck.Error() || v.Attempt != 1 {
		t.Errorf("attempt %d: %s", v.Attempt, v.Error)
	}
}

func TestOperationGoesOnWithoutTheSharedFile(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	begun, letGo := make(chan string), make(chan error)
	w.replace["stage_chain"] = steps.Step{Run: block(begun, letGo)}
	w.start()
	id := w.restore("full")
	<-begun
	other := w.outsider()
	w.exec(other, `BEGIN IMMEDIATE`)
	letGo <- errLuck
	w.ends(id, persistence.Failed)
	newest := func() (status string) {
		w.t.Helper()
		err := other.QueryRowContext(t.Context(), `SELECT status FROM process WHERE command_id = ? ORDER BY id DESC LIMIT 1`, id).Scan(&status)
		if err != nil {
			t.Fatal(err)
		}
		return status
	}
	if status := newest(); status != "running" {
		t.Errorf("behind the lock it says %s", status)
	}
	w.exec(other, `ROLLBACK`)
	w.eventually("the shared file learns of it", func() bool { return newest() == "failed" })
}

func TestOperationThatSomebodyElseChangedIsLeftAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	begun, letGo := make(chan string), make(chan error)
	w.replace["stage_chain"] = steps.Step{Run: block(begun, letGo)}
	w.start()
	id := w.restore("full")
	<-begun
	o, err := w.Store.Operation(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Apply(t.Context(), persistence.Change{OperationID: id, Seq: o.Seq, From: o.State, Event: "ok", To: "done", At: time.Now().UTC(),
		Status: persistence.Succeeded, Attempt: 1, Data: o.Data})
	if err != nil {
		t.Fatal(err)
	}
	w.mu.Lock()
	r := w.running[id]
	w.mu.Unlock()
	letGo <- nil
	<-r.ended
	if v := w.show(id); v.State != "done" || len(v.Transitions) != int(o.Seq)+1 {
		t.Errorf("transitions:\n%s", story(v))
	}
}

// The other programs delete backups without asking us.
func TestBackupWhoseBaseWasDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, name := range []string{"validate_backup", "reserve_work", "seal_backup", "publish_backup"} {
		step := w.host.Steps()[name]
		step.Run = func(_ context.Context, t steps.Task) (steps.Outcome, error) {
			return steps.Outcome{Event: steps.EventOK, Reason: "done", Data: t.Data}, nil
		}
		w.replace[name] = step
	}
	w.replace["copy_backup"] = steps.Step{
		Job: func(context.Context, steps.Task) (job.Spec, error) {
			return job.Spec{Path: "/bin/true", Dir: "/", Output: "/"}, nil
		},
		Finish: func(_ context.Context, t steps.Task, _ job.Result) (steps.Outcome, error) {
			return steps.Outcome{Event: steps.EventOK, Reason: "done", Data: t.Data}, nil
		},
	}
	w.replace["record_backup"] = steps.Step{Run: func(_ context.Context, t steps.Task) (steps.Outcome, error) {
		return steps.Outcome{Event: steps.EventOK, Data: t.Data,
			Backup: &persistence.Backup{ID: "inc", FromBackupID: "gone", StartTime: t.CreatedAt}}, nil
	}}
	w.start()
	id := w.accepted(w.accept(t.Context(), order{command: "incremental_backup"}, "inc", api.Args{ID: "inc", FromBackupID: "gone"}, nil, nil))
	v := w.ends(id, persistence.Failed)
	if !strings.Contains(v.Error, "the base backup's row is gone: 'gone': it was deleted while this backup was made; take a full backup") {
		t.Errorf("the error is %s", v.Error)
	}
	if want := "ok>record failed>discard failed>failed"; !strings.HasSuffix(events(v), want) {
		t.Errorf("transitions are %s", events(v))
	}
}
