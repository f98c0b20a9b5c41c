package steps

import (
	"errors"
	"strings"
	"testing"
	"time"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/testkit"
	"dbcalm-db-cmd/steps/tool"
)

const completedTail = "[00] 2026-11-22 20:37:39 completed OK!\n"

func TestChainIsPreparedLinkByLink(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.Backup("full", "", "0", "100", nil)
	h.Backup("a", "full", "100", "150", nil)
	h.Backup("b", "a", "150", "150", nil)
	task := h.restoreTask("full", "a", "b")
	task.Data.Tool = &xtrabackup
	p := task.Data.Placement
	for i := range 3 {
		testkit.Write(t, p.Link(i), map[string]string{"file": ""})
	}
	prepared := func(kind, to string) { testkit.Write(t, p.Prepared(), testkit.Metadata(kind, "0", to)) }
	spec, err := h.restores().prepareJob(t.Context(), task)
	if err != nil || !strings.Contains(spec.Line(), "--apply-log-only") || strings.Contains(spec.Line(), "--incremental-dir") {
		t.Errorf("the full backup: %s, %v", spec.Line(), err)
	}
	ended := job.Result{Tail: completedTail, Started: time.Now(), Ended: time.Now()}
	for i, want := range []struct{ kind, to, event, last string }{
		{"log-applied", "100", EventMore, ""}, {"log-applied", "150", EventMore, "--apply-log-only"},
		{"full-prepared", "150", EventOK, ""},
	} {
		if i > 0 {
			spec, err := h.restores().applyJob(t.Context(), task)
			if err != nil || !strings.Contains(spec.Line(), "--incremental-dir="+p.Link(i)) ||
				strings.Contains(spec.Line(), "--apply-log-only") != (want.last != "") {
				t.Errorf("link %d: %s, %v", i, spec.Line(), err)
			}
		}
		prepared(want.kind, want.to)
		out, err := h.restores().prepareFinish(t.Context(), task, ended)
		if err != nil || out.Event != want.event || out.Data.Applied != i+1 {
			t.Fatalf("link %d: %+v, %v", i, out, err)
		}
		if there, _ := disk.Exists(p.Link(i)); there != (i == 0) {
			t.Errorf("link %d: its copy is there: %t", i, there)
		}
		task.Data = out.Data
	}
}

func TestPreparationIsProved(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		result job.Result
		files  map[string]string
		want   []string
	}{
		"failed": {job.Result{ExitCode: 1, Tail: "InnoDB: Error: no\n"}, testkit.Metadata("log-applied", "0", "100"),
			[]string{"mariabackup, preparing backup 'full', failed with exit code 1", "last lines of the program:\nInnoDB: Error: no"}},
		"says so and did not": {job.Result{Tail: completedTail}, testkit.Metadata("full-backuped", "0", "100"),
			[]string{"mariabackup, preparing backup 'full', claims success, but the tool left the chain unprepared", "completed OK!"}},
		"went elsewhere": {job.Result{Tail: completedTail}, testkit.Metadata("log-applied", "0", "90"),
			[]string{"prepared the chain up to LSN 90, not 100"}},
		"left nothing": {job.Result{Tail: completedTail}, map[string]string{"x": ""}, []string{"xtrabackup_checkpoints is missing"}},
	} {
		h := newHost(t)
		h.Backup("full", "", "0", "100", nil)
		task := h.restoreTask("full")
		task.Data.Tool = &mariabackup
		testkit.Write(t, task.Data.Placement.Prepared(), test.files)
		_, err := h.restores().prepareFinish(t.Context(), task, test.result)
		testkit.Says(t, err, test.want...)
		var tool *tool.Error
		if !errors.As(err, &tool) {
			t.Errorf("%s: %T", name, err)
		}
	}
}

// Until the last link is applied nothing need be on the disk. What is not is only
// trusted by the daemon that has watched all of it.
func TestStageIsLostWithItsDaemon(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	h := twoLinks(t)
	r := h.restores()
	task := h.restoreTask("full", "inc")
	task.Data.Tool, task.Events = &mariabackup, []string{EventOK, EventRewind}
	out, err := r.stage(t.Context(), task)
	h.Must(err)
	if !out.Data.Unsynced {
		t.Error("the stage is put onto the disk before anything is prepared")
	}
	task.Data = out.Data
	if _, lost := r.stageLost(task); lost {
		t.Error("what was just staged is lost")
	}
	prepare, err := r.prepareJob(t.Context(), task)
	h.Must(err)
	task.Data.Applied = 1
	apply, err := r.applyJob(t.Context(), task)
	h.Must(err)
	if !prepare.Unsynced || prepare.Watch == nil || apply.Unsynced || apply.Watch != prepare.Watch {
		t.Errorf("prepared with %+v, applied with %+v", prepare, apply)
	}
	testkit.Write(t, task.Data.Placement.Prepared(), testkit.Metadata("log-applied", "0", "100"))
	ended := job.Result{Tail: completedTail, Unsynced: true}
	task.Data.Applied, task.Data.Unpacked = 0, []int{0}
	if out, err := r.prepareFinish(t.Context(), task, ended); err != nil || out.Event != EventMore || !out.Data.Unsynced {
		t.Errorf("got %+v, %v", out, err)
	}

	h.stages.Release(task.Operation)
	lost, isLost := r.stageLost(task)
	if !isLost || lost.Event != EventRewind || lost.Data.Applied != 0 || lost.Data.Unpacked != nil || lost.Data.Unsynced {
		t.Errorf("got %+v, %t", lost, isLost)
	}
	out, err = r.prepareFinish(t.Context(), task, ended)
	if err != nil || out.Event != EventRewind || out.Reason != lost.Reason {
		t.Errorf("got %+v, %v", out, err)
	}
	// What a supervisor that was left alone has put onto the disk is.
	ended.Unsynced = false
	if out, err := r.prepareFinish(t.Context(), task, ended); err != nil || out.Event != EventMore || out.Data.Unsynced {
		t.Errorf("got %+v, %v", out, err)
	}
}

// A machine of an earlier program cannot come back to the stage from everywhere.
func TestStageIsOnTheDiskWhereItCannotBeMadeAnew(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	h := twoLinks(t)
	task := h.restoreTask("full", "inc")
	task.Data.Tool, task.Events = &mariabackup, []string{EventOK}
	out, err := h.restores().stage(t.Context(), task)
	h.Must(err)
	task.Data = out.Data
	if spec, err := h.restores().prepareJob(t.Context(), task); err != nil || task.Data.Unsynced || spec.Unsynced {
		t.Errorf("got %+v, %v", spec, err)
	}
}
