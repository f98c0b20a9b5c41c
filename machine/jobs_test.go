package machine

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/machine/definition"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/testkit"
)

// killSupervisor kills the supervisor of an operation's job as an
// administrator might, or a machine without memory.
func (w *world) killSupervisor(id string) {
	w.t.Helper()
	if err := unix.Kill(w.job(id).PID, unix.SIGKILL); err != nil {
		w.t.Fatal(err)
	}
}

// attempts waits until a program runs in an attempt.
func (w *world) attempts(id, state string, attempt int) {
	w.t.Helper()
	w.eventually("the next attempt", func() bool {
		v := w.works(id, state)
		// The row of the attempt before is the newest one, and running, until the
		// program of this one begins.
		begun := v.Processes[len(v.Processes)-1].StartTime
		return v.Attempt == attempt && !begun.Before(v.Transitions[len(v.Transitions)-1].At)
	})
}

func TestKilledSupervisorRewinds(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	w.closeGate()
	w.start()
	id := w.restore("full")
	w.works(id, "prepare")
	w.killSupervisor(id)
	w.attempts(id, "prepare", 2)
	w.pass("ok")
	v := w.ends(id, persistence.Succeeded)
	if want := "ok>stage ok>prepare rewind>stage ok>prepare ok>arrange"; !strings.Contains(events(v), want) {
		t.Errorf("transitions are %s, want %s in them", events(v), want)
	}
	const how = "interrupted: the program's supervisor was killed and the program with it"
	if reason := v.Transitions[4].Reason; !strings.Contains(reason, how+"; going back to stage") {
		t.Errorf("the reason is %q", reason)
	}
	if p := v.Processes[1]; p.Status != "failed" || p.Error != how || p.ReturnCode != nil {
		t.Errorf("the row of the killed program: %+v", p)
	}
	if p := v.Processes[2]; p.Status != "success" || p.Error != "" {
		t.Errorf("the row of the second: %+v", p)
	}
}

func TestInterruptionsAreSurvivedUpToALimit(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	w.closeGate()
	w.start()
	id := w.restore("full")
	for range definition.DefaultLimit + 1 {
		w.pass("kill")
	}
	v := w.ends(id, persistence.Failed)
	if v.Attempt != definition.DefaultLimit+1 ||
		!strings.Contains(v.Error, "interrupted 4 times in state prepare, the last time because the program was killed by SIGKILL: given up") {
		t.Errorf("attempt %d: %s", v.Attempt, v.Error)
	}
	if n := strings.Count(events(v), "rewind>stage"); n != definition.DefaultLimit || !strings.Contains(events(v), "exhausted>discard") {
		t.Errorf("transitions are %s", events(v))
	}
	if left := w.names(w.host.Store.BackupDir); left != "full" {
		t.Errorf("the store holds %s", left)
	}
	// A person's retry starts the count anew.
	w.retry(id)
	w.pass("kill")
	w.pass("ok")
	w.ends(id, persistence.Succeeded)
}

func TestSupervisorThatDiedWhileTheDaemonWasDown(t *testing.T) {
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
	w.killSupervisor(id)
	w.gone(job)
	w.start()
	w.attempts(id, "prepare", 2)
	w.pass("ok")
	v := w.ends(id, persistence.Succeeded)
	if !strings.Contains(story(v), "interrupted: the program's supervisor ended while the daemon was down; going back to stage") {
		t.Errorf("transitions:\n%s", story(v))
	}
}

// What a daemon leaves that dies between the record of a job and its start.
func TestJobThatWasRecordedAndNeverStarted(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	begun := make(chan string)
	program := w.host.Steps()["prepare_restore"]
	w.replace["prepare_restore"] = steps.Step{Finish: program.Finish, Job: func(ctx context.Context, t steps.Task) (job.Spec, error) {
		begun <- t.Operation
		<-ctx.Done()
		return job.Spec{}, context.Cause(ctx)
	}}
	w.start()
	id := w.restore("full")
	<-begun
	w.Stop()
	o, err := w.Store.Operation(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.BeginJob(t.Context(), o, persistence.Job{OperationID: id, State: o.State, Attempt: 1, Folder: w.host.Jobs.Folder(id, o.Seq)},
		persistence.Process{CommandID: id, Command: "tool --prepare", StartTime: time.Now().UTC(), Type: persistence.TypeRestore, Args: o.Args})
	if err != nil {
		t.Fatal(err)
	}
	stray, foreign := w.host.Jobs.Folder(uuid.NewString(), 7), filepath.Join(w.host.Jobs.StateDir, "jobs", "notes")
	w.write(filepath.Join(stray, "spec.json"), "{}")
	w.write(filepath.Join(foreign, "file"), "")
	delete(w.replace, "prepare_restore")
	w.start()
	v := w.ends(id, persistence.Succeeded)
	if !strings.Contains(story(v), "interrupted: the daemon ended before the program was started; going back to stage") {
		t.Errorf("transitions:\n%s", story(v))
	}
	if _, err := os.Stat(stray); !os.IsNotExist(err) {
		t.Errorf("a job folder that nobody knows is left: %v", err)
	}
	if _, err := os.Stat(foreign); err != nil {
		t.Errorf("what is no job folder is gone: %v", err)
	}
}

func TestStepThatWasInterruptedIsDoneAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	begun := make(chan string)
	w.replace["stage_chain"] = steps.Step{Run: block(begun, nil)}
	w.start()
	id := w.restore("full")
	for i := range definition.DefaultLimit {
		<-begun
		w.start()
		if v := w.show(id); v.Attempt > i+2 {
			t.Errorf("after %d starts it is at attempt %d", i+1, v.Attempt)
		}
	}
	<-begun
	delete(w.replace, "stage_chain")
	w.start()
	v := w.ends(id, persistence.Failed)
	want := "interrupted 4 times in state stage, the last time because the daemon ended while this state was under way: given up"
	if !strings.Contains(v.Error, want) {
		t.Errorf("%s\n%s", v.Error, story(v))
	}
}

func TestProgramThatCannotBeStarted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	w.start()
	program := w.host.Steps()["prepare_restore"]
	w.registry["prepare_restore"] = steps.Step{Finish: program.Finish, Job: func(context.Context, steps.Task) (job.Spec, error) {
		return job.Spec{Path: filepath.Join(w.dir, "nowhere"), Dir: "/", Output: "/"}, nil
	}}
	v := w.ends(w.restore("full"), persistence.Failed)
	if !strings.Contains(v.Error, "could not be started: ") || !strings.Contains(v.Error, "no such file or directory") {
		t.Errorf("the error is %s", v.Error)
	}
	if p := v.Processes[1]; p.PID != nil || p.ReturnCode != nil || p.Status != "failed" {
		t.Errorf("its row: %+v", p)
	}
}
