package machine

import (
	"context"
	"errors"
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

func TestRestoreOfAChainToAFolder(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	w.backup("inc", "full", 100, 200)
	w.start()
	id := w.restore("full", "inc")
	v := w.ends(id, persistence.Succeeded)
	want := "accept>queued start>validate ok>stage ok>prepare more>apply ok>arrange ok>place ok>record ok>done"
	if events(v) != want {
		t.Errorf("transitions are\n%s\nwant\n%s", events(v), want)
	}
	for _, tr := range v.Transitions {
		if tr.Reason == "" || tr.At.IsZero() {
			t.Errorf("transition without a reason or a time: %+v", tr)
		}
	}
	target := filepath.Join(v.Args.TmpDir, "full")
	if text, err := os.ReadFile(filepath.Join(target, "shop", "orders.ibd")); err != nil || string(text) != "rows of full" {
		t.Errorf("restored: %s, %v", text, err)
	}
	if left := w.names(w.host.Store.BackupDir); left != "full inc restores" {
		t.Errorf("the store holds %s", left)
	}
	if left := w.names(filepath.Join(w.dir, "state", "jobs")); left != "" {
		t.Errorf("job folders are left: %s", left)
	}
	if len(v.Processes) != 3 || !strings.Contains(v.Processes[1].Command, "--prepare") ||
		!strings.Contains(v.Processes[2].Command, "--incremental-dir=") {
		t.Fatalf("processes are %+v", v.Processes)
	}
	for i, p := range v.Processes {
		if p.Status != "success" || p.EndTime == nil || p.ReturnCode == nil || *p.ReturnCode != 0 ||
			(i > 0 && !strings.Contains(p.Output, "completed OK!")) {
			t.Errorf("process row %d: %+v", i, p)
		}
	}
}

func TestOperationsWaitInOrder(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	for _, test := range []struct{ max, slots int }{{0, 1}, {1, 1}, {2, 2}} {
		w := newWorld(t)
		w.backup("full", "", 0, 100)
		w.options.MaxConcurrent = test.max
		begun, letGo := make(chan string), make(chan error)
		w.replace["validate_restore"] = steps.Step{Run: block(begun, letGo)}
		w.replace["stage_chain"] = steps.Step{Run: func(context.Context, steps.Task) (steps.Outcome, error) { return steps.Outcome{}, errLuck }}
		w.start()
		var ids []string
		for range 5 {
			ids = append(ids, w.restore("full"))
		}
		for i := range test.slots {
			if first := <-begun; !strings.Contains(strings.Join(ids[:test.slots], " "), first) {
				t.Errorf("max_concurrent %d: %d began, they are %q", test.max, i, ids)
			}
		}
		for i, id := range ids {
			v := w.show(id)
			want := "waiting"
			if i < test.slots {
				want = "running"
			}
			if v.Status != want || (want == "waiting") != (v.StartedAt == nil) || !v.Cancellable {
				t.Errorf("max_concurrent %d: number %d is %s, want %s", test.max, i, v.Status, want)
			}
		}
		for i := range ids {
			letGo <- nil
			if next := i + test.slots; next < len(ids) {
				if id := <-begun; id != ids[next] {
					t.Errorf("max_concurrent %d: the next is %s, want %s", test.max, id, ids[next])
				}
			}
		}
		for _, id := range ids {
			w.ends(id, persistence.Failed)
		}
	}
}

// errLuck and errHook are why steps of tests fail.
var (
	errLuck = errors.New("no luck today")
	errHook = errors.New("off the hook")
)

func TestExclusiveMachinesAndThoseWithoutASlot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	w.backup("other", "", 0, 100)
	w.options.MaxConcurrent = 2
	begun, letGo := make(chan string, 9), make(chan error)
	w.replace["validate_restore"] = steps.Step{Run: block(begun, letGo)}
	w.replace["stage_chain"] = steps.Step{Run: func(context.Context, steps.Task) (steps.Outcome, error) { return steps.Outcome{}, errLuck }}
	w.start()
	database := func() string {
		return w.accepted(w.RestoreBackup(t.Context(), api.RestoreRequest{IDList: []string{"full"}, Target: api.TargetDatabase}))
	}
	first, second := database(), database()
	if id := <-begun; id != first {
		t.Errorf("%s began first", id)
	}
	// The second one into the data directory waits, though there is a slot; an
	// operation behind it that may use the slot does.
	folder := w.restore("full")
	if id := <-begun; id != folder {
		t.Errorf("%s began second", id)
	}
	if v := w.show(second); v.Status != "waiting" {
		t.Errorf("two restores work on one data directory: %s", v.Status)
	}
	if err := w.DeleteBackup(t.Context(), api.DeleteRequest{ID: "other"}); err != nil {
		t.Errorf("a delete waits for a slot: %v", err)
	}
	letGo <- nil
	letGo <- nil
	letGo <- nil
	for _, id := range []string{first, folder, second} {
		w.ends(id, persistence.Failed)
	}
	if id := <-begun; id != second {
		t.Errorf("%s began third", id)
	}
}

func TestStopHandsOff(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	w.closeGate()
	w.start()
	id, waiting := w.restore("full"), w.restore("full")
	before := w.works(id, "prepare")
	w.Stop()
	w.Stop()
	_, err := w.RestoreBackup(t.Context(), api.RestoreRequest{IDList: []string{"full"}, Target: api.TargetFolder})
	refusal(t, err, api.Unavailable, "the daemon is stopping")
	row := w.job(id)
	if _, err := job.Identify(row.PID); err != nil {
		t.Fatalf("the supervisor was not left alone: %v", err)
	}
	w.start()
	v := w.show(waiting)
	if v.Status != "waiting" {
		t.Errorf("the waiting operation is %s", v.Status)
	}
	w.eventually("the job is adopted", func() bool { return strings.Contains(events(w.show(id)), "adopt>prepare") })
	w.pass("ok")
	w.pass("ok")
	after := w.ends(id, persistence.Succeeded)
	if after.Attempt != before.Attempt || len(after.Processes) != len(before.Processes) {
		t.Errorf("it began again: attempt %d, processes %+v", after.Attempt, after.Processes)
	}
	if want := "ok>prepare adopt>prepare ok>arrange"; !strings.Contains(events(after), want) {
		t.Errorf("transitions are %s, want %s in them", events(after), want)
	}
	w.ends(waiting, persistence.Succeeded)
}

func TestJobThatEndedWhileTheDaemonWasDown(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	w.closeGate()
	w.start()
	id := w.restore("full")
	w.works(id, "prepare")
	w.Stop()
	job := w.job(id)
	w.pass("ok")
	w.gone(job)
	w.start()
	v := w.ends(id, persistence.Succeeded)
	if strings.Contains(events(v), "adopt") || v.Attempt != 1 || !strings.Contains(v.Processes[1].Output, "completed OK!") {
		t.Errorf("its result was not taken as it is:\n%s%+v", story(v), v.Processes)
	}
}

func TestOperationFinishesOnItsOwnDefinition(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	// The definition of an older program: a state is called otherwise, and what
	// is a success today was not recorded then.
	old := strings.NewReplacer("arrange:", "put_in_order:", "ok: arrange", "ok: put_in_order").Replace(w.source("restore_folder"))
	o := persistence.Operation{ID: "old", Machine: "restore_folder", Definition: old, BackupID: "full", State: "queued",
		Status: persistence.Waiting, Seq: 1, Attempt: 1, Data: []byte("{}"), CreatedAt: time.Now().UTC(),
		Args: []byte(`{"id_list":["full"],"target":"folder","tmp_dir":"` + filepath.Join(w.host.Store.BackupDir, "restores", "x") + `"}`)}
	w.accepts(o, persistence.TypeRestore)
	w.start()
	v := w.ends("old", persistence.Succeeded)
	if want := "ok>prepare ok>put_in_order ok>place"; !strings.Contains(events(v), want) {
		t.Errorf("transitions are %s, want %s in them", events(v), want)
	}
	id := w.restore("full")
	if v := w.ends(id, persistence.Succeeded); strings.Contains(events(v), "put_in_order") {
		t.Errorf("a new operation runs on the old definition: %s", events(v))
	}
}
