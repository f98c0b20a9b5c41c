package machine

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/testkit"
)

func TestCancelOfAWaitingOperation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	begun, letGo := make(chan string), make(chan error)
	w.replace["validate_restore"] = steps.Step{Run: block(begun, letGo)}
	w.start()
	first, second, third := w.restore("full"), w.restore("full"), w.restore("full")
	<-begun
	for range 2 {
		if err := w.Cancel(t.Context(), second); err != nil {
			t.Errorf("cancel: %v", err)
		}
	}
	v := w.ends(second, persistence.Cancelled)
	if events(v) != "accept>queued cancel>cancelled" || v.StartedAt != nil || v.Cancellable || v.Error != "cancelled as requested" {
		t.Errorf("cancelled while waiting: %+v\n%s", v.OperationSummary, story(v))
	}
	if p := v.Processes[0]; p.Status != "failed" || p.Error != "cancelled as requested" {
		t.Errorf("its process row: %+v", p)
	}
	letGo <- errLuck
	if next := <-begun; next != third {
		t.Errorf("after %s came %s, want %s", first, next, third)
	}
	letGo <- errLuck
}

func TestCancelOfARunningProgram(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	w.closeGate()
	w.start()
	id := w.restore("full")
	w.works(id, "prepare")
	row := w.job(id)
	w.eventually("the program has said something", func() bool {
		text, err := os.ReadFile(filepath.Join(row.Folder, string(job.LogOutput)))
		return err == nil && strings.Contains(string(text), "preparing ")
	})
	if err := w.Cancel(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	v := w.ends(id, persistence.Cancelled)
	if want := "ok>prepare cancel>discard cancelled>cancelled"; !strings.HasSuffix(events(v), want) {
		t.Errorf("transitions are %s, want %s at the end", events(v), want)
	}
	if _, err := job.Adopt(row.Folder, job.Identity{PID: row.PID, StartTicks: row.StartTicks, BootID: row.BootID}); err == nil {
		t.Error("the supervisor runs on")
	}
	if pids := w.programs(); len(pids) > 0 {
		t.Errorf("processes run on: %v", pids)
	}
	if left := w.names(w.host.Store.BackupDir); left != "full" {
		t.Errorf("the store holds %s", left)
	}
	last := v.Processes[len(v.Processes)-1]
	if last.Status != "failed" || last.Error != "cancelled as requested" || last.ReturnCode != nil ||
		!strings.Contains(last.Output, "preparing ") {
		t.Errorf("the program's process row: %+v", last)
	}
	if err := w.Cancel(t.Context(), id); err != nil {
		t.Errorf("cancelled again after the end: %v", err)
	}
}

func TestCancelOfAStep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	begun := make(chan string)
	w.replace["stage_chain"] = steps.Step{Run: block(begun, nil)}
	w.start()
	id := w.restore("full")
	<-begun
	if err := w.Cancel(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	v := w.ends(id, persistence.Cancelled)
	if want := "ok>stage cancel>discard cancelled>cancelled"; !strings.HasSuffix(events(v), want) {
		t.Errorf("transitions are %s, want %s at the end", events(v), want)
	}
}

func TestCancelThatComesTooLate(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	begun, letGo := make(chan string), make(chan error)
	place := w.host.Steps()["place_restore"].Run
	w.replace["place_restore"] = steps.Step{Run: func(ctx context.Context, t steps.Task) (steps.Outcome, error) {
		if _, err := block(begun, letGo)(ctx, t); err != nil {
			return steps.Outcome{}, err
		}
		return place(ctx, t)
	}}
	w.start()
	id := w.restore("full")
	<-begun
	if v := w.show(id); v.Cancellable {
		t.Error("state place claims that it can be cancelled")
	}
	refusal(t, w.Cancel(t.Context(), id), api.Conflict, "operation "+id+" can no longer be cancelled: it is in state place; wait for its end")
	letGo <- nil
	w.ends(id, persistence.Succeeded)
	refusal(t, w.Cancel(t.Context(), id), api.Conflict, "can no longer be cancelled: it has ended in state done")
	refusal(t, w.Cancel(t.Context(), "nonsense"), api.NotFound, "Operation with id 'nonsense' not found")
}

// The row comes first: a daemon that is killed between the row and the signal
// must honour it when it starts again.
func TestCancelIsHonouredByTheNextDaemon(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	w.closeGate()
	w.start()
	running, waiting := w.restore("full"), w.restore("full")
	w.works(running, "prepare")
	w.Stop()
	for _, id := range []string{running, waiting} {
		if _, err := w.RequestCancel(t.Context(), id, time.Now(), []string{"queued", "prepare"}); err != nil {
			t.Fatal(err)
		}
	}
	w.start()
	v := w.ends(running, persistence.Cancelled)
	if want := "ok>prepare cancel>discard cancelled>cancelled"; !strings.HasSuffix(events(v), want) {
		t.Errorf("transitions are %s, want %s at the end", events(v), want)
	}
	w.ends(waiting, persistence.Cancelled)
	if pids := w.programs(); len(pids) > 0 {
		t.Errorf("processes run on: %v", pids)
	}
}

// A cancel that was accepted just before a failure must not break off the
// clean-up that the failure leads to.
func TestCleanUpIsNotBrokenOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	begun, letGo := make(chan string), make(chan error)
	w.replace["stage_chain"] = steps.Step{Run: func(context.Context, steps.Task) (steps.Outcome, error) { return steps.Outcome{}, errLuck }}
	w.replace["discard_restore"] = steps.Step{Run: block(begun, letGo)}
	w.start()
	id := w.restore("full")
	<-begun
	// What Cancel does last, late.
	w.mu.Lock()
	w.running[id].interrupt(job.ErrCancelled)
	w.mu.Unlock()
	v := w.ends(id, persistence.Failed)
	if v.State != "halted" || !strings.Contains(v.Error, errLuck.Error()) {
		t.Errorf("ended in %s: %s", v.State, v.Error)
	}
}

func TestRetryOfAFailedOperation(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	w.closeGate()
	w.start()
	id := w.restore("full")
	w.works(id, "prepare")
	_, err := w.Retry(t.Context(), id)
	refusal(t, err, api.Conflict, "operation "+id+" cannot be retried: it is running in state prepare")
	w.pass("fail")
	v := w.ends(id, persistence.Failed)
	if v.State != "failed" || !strings.Contains(v.Error, "mariabackup, preparing backup 'full', failed with exit code 1") ||
		!strings.Contains(v.Error, "Error: no luck today") {
		t.Errorf("ended in %s: %s", v.State, v.Error)
	}
	if p := v.Processes[1]; p.Status != "failed" || p.Error != v.Error || *p.ReturnCode != 1 {
		t.Errorf("the program's row: %+v", p)
	}
	d := w.retry(id)
	if d.State != "queued" || d.Attempt != 2 || !strings.Contains(d.Reason, "begins again from the start") {
		t.Errorf("retry answers %+v", d)
	}
	w.works(id, "prepare")
	if v := w.show(id); v.Status != "running" || v.Error != "" || v.FinishedAt != nil {
		t.Errorf("retried: %+v", v.OperationSummary)
	}
	w.pass("ok")
	v = w.ends(id, persistence.Succeeded)
	if v.Attempt != 2 || v.Error != "" {
		t.Errorf("succeeded at last: %+v", v.OperationSummary)
	}
	_, err = w.Retry(t.Context(), id)
	refusal(t, err, api.Conflict, "cannot be retried: it is succeeded in state done")
	_, err = w.Retry(t.Context(), "nonsense")
	refusal(t, err, api.NotFound, "Operation with id 'nonsense' not found")
}

func (w *world) retry(id string) api.RetryDecision {
	w.t.Helper()
	// Its end is recorded a moment before it is over for the manager.
	var d api.RetryDecision
	w.eventually(id+" can be retried", func() bool {
		var err error
		d, err = w.Retry(w.t.Context(), id)
		return err == nil
	})
	return d
}

func TestRetryOfAHaltedOperation(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	discard := w.host.Steps()["discard_restore"].Run
	letGo := make(chan error, 2)
	w.replace["arrange_restore"] = steps.Step{
		Run: func(context.Context, steps.Task) (steps.Outcome, error) { return steps.Outcome{}, errLuck }}
	w.replace["discard_restore"] = steps.Step{Run: func(ctx context.Context, t steps.Task) (steps.Outcome, error) {
		if err := <-letGo; err != nil {
			return steps.Outcome{}, err
		}
		return discard(ctx, t)
	}}
	w.start()
	letGo <- errHook
	id := w.restore("full")
	v := w.ends(id, persistence.Failed)
	if v.State != "halted" || v.Error != errLuck.Error()+"\nthen "+errHook.Error() {
		t.Errorf("ended in %s: %q", v.State, v.Error)
	}
	if left := w.names(filepath.Join(w.host.Store.BackupDir, ".partial")); left != id+"-stage" {
		t.Errorf("what could not be removed: %s", left)
	}
	letGo <- nil
	d := w.retry(id)
	if d.State != "discard" || d.Attempt != 2 || !strings.Contains(d.Reason, "goes on in state discard, where it halted") {
		t.Errorf("retry answers %+v", d)
	}
	v = w.ends(id, persistence.Failed)
	if v.State != "failed" || !strings.HasPrefix(v.Error, errLuck.Error()) {
		t.Errorf("ended in %s: %q", v.State, v.Error)
	}
	if left := w.names(w.host.Store.BackupDir); left != "full" {
		t.Errorf("the store holds %s", left)
	}
}

// An operation that succeeds in the end has no error to tell of.
func TestRetryThatSucceedsForgetsTheError(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	erase := w.host.Steps()["erase_backup"].Run
	letGo := make(chan error, 2)
	w.replace["erase_backup"] = steps.Step{Run: func(ctx context.Context, t steps.Task) (steps.Outcome, error) {
		if err := <-letGo; err != nil {
			return steps.Outcome{}, err
		}
		return erase(ctx, t)
	}}
	w.start()
	letGo <- errLuck
	refusal(t, w.DeleteBackup(t.Context(), api.DeleteRequest{ID: "full"}), api.Internal, "backup 'full' was not deleted: no luck today")
	list, err := w.Manager.Operations(t.Context(), api.OperationFilter{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	id := list[0].ID
	letGo <- nil
	w.retry(id)
	v := w.ends(id, persistence.Succeeded)
	if v.Error != "" {
		t.Errorf("succeeded, and yet: %s", v.Error)
	}
	if p := v.Processes[len(v.Processes)-1]; p.Status != "success" || p.Error != "" {
		t.Errorf("its process row: %+v", p)
	}
}

func TestRetryIsRefusedWhenTheBackupIsInUse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	w.replace["stage_chain"] = steps.Step{Run: func(context.Context, steps.Task) (steps.Outcome, error) { return steps.Outcome{}, errLuck }}
	begun, letGo := make(chan string), make(chan error)
	w.replace["validate_delete"] = steps.Step{Run: block(begun, letGo)}
	w.start()
	id := w.restore("full")
	w.ends(id, persistence.Failed)
	deleted := make(chan error)
	go func() { deleted <- w.DeleteBackup(context.Background(), api.DeleteRequest{ID: "full"}) }()
	<-begun
	w.eventually("the retry is refused for the delete", func() bool {
		_, err := w.Retry(t.Context(), id)
		return api.KindOf(err) == api.Conflict && strings.Contains(err.Error(), "deletes it; wait for its end or cancel it")
	})
	letGo <- nil
	if err := <-deleted; err != nil {
		t.Error(err)
	}
}

func TestTwoRetriesAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	begun, letGo := make(chan string), make(chan error)
	w.replace["validate_restore"] = steps.Step{Run: block(begun, letGo)}
	w.start()
	id := w.restore("full")
	<-begun
	letGo <- errLuck
	w.ends(id, persistence.Failed)
	w.mu.Lock()
	r := w.running[id]
	w.mu.Unlock()
	if r != nil {
		<-r.ended
	}
	results := make(chan error)
	for range 4 {
		go func() {
			_, err := w.Retry(context.Background(), id)
			results <- err
		}()
	}
	granted := 0
	for range 4 {
		err := <-results
		if err == nil {
			granted++
			continue
		}
		refusal(t, err, api.Conflict, "operation "+id+" cannot be retried: it is ")
	}
	if granted != 1 {
		t.Errorf("%d of 4 retries were granted", granted)
	}
	<-begun
	letGo <- errLuck
	if v := w.ends(id, persistence.Failed); v.Attempt != 2 {
		t.Errorf("it is at attempt %d", v.Attempt)
	}
}
