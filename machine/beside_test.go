package machine

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/testkit"
)

// worksBeside gives the state prepare work that is done beside its program: it says
// that it has begun, and ends as it is told.
func (w *world) worksBeside() (begun chan string, letGo chan error) {
	begun, letGo = make(chan string), make(chan error)
	work := block(begun, letGo)
	step := w.host.Steps()["prepare_restore"]
	step.Beside = func(ctx context.Context, t steps.Task) (string, error) {
		outcome, err := work(ctx, t)
		return outcome.Reason, err
	}
	w.replace["prepare_restore"] = step
	return begun, letGo
}

// besideAlone leaves a restore whose program has ended and whose work beside it has
// not. The program's folder stays until the state is left.
func (w *world) besideAlone(begun chan string) (id string) {
	w.t.Helper()
	w.backup("full", "", 0, 100)
	w.start()
	id = w.restore("full")
	<-begun
	w.works(id, "prepare")
	folder := w.job(id).Folder
	w.eventually("the program ends", func() bool {
		_, err := job.ReadResult(folder)
		return err == nil
	})
	return id
}

func TestStateIsLeftWhenTheWorkBesideItsProgramIsDone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	begun, letGo := w.worksBeside()
	id := w.besideAlone(begun)
	if v := w.show(id); v.State != "prepare" {
		t.Errorf("it went on to %s", v.State)
	}
	letGo <- nil
	v := w.ends(id, persistence.Succeeded)
	if !strings.Contains(story(v), "; let go\n") {
		t.Errorf("what was done is not told:\n%s", story(v))
	}
}

// What the program does is of no use any more.
func TestFailureBesideAProgramStopsIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	w.closeGate()
	begun, letGo := w.worksBeside()
	w.start()
	id := w.restore("full")
	<-begun
	w.works(id, "prepare")
	row := w.job(id)
	letGo <- errors.New("no luck")
	v := w.ends(id, persistence.Failed)
	if v.Error != "no luck" || !strings.HasSuffix(events(v), "ok>prepare failed>discard failed>failed") {
		t.Errorf("failed: %s\n%s", v.Error, story(v))
	}
	if p := v.Processes[1]; p.Status != "failed" {
		t.Errorf("the row of the program: %+v", p)
	}
	w.gone(row)
}

func TestFailureBesideAProgramThatHasEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	begun, letGo := w.worksBeside()
	id := w.besideAlone(begun)
	letGo <- errors.New("no luck")
	if v := w.ends(
		id,
		persistence.Failed,
	); v.Error != "no luck" ||
		!strings.HasSuffix(events(v), "ok>prepare failed>discard failed>failed") {
		t.Errorf("failed: %s\n%s", v.Error, story(v))
	}
}

func TestPanicBesideAProgram(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	step := w.host.Steps()["prepare_restore"]
	step.Beside = func(context.Context, steps.Task) (string, error) { panic("a bug") }
	w.replace["prepare_restore"] = step
	w.start()
	if v := w.ends(w.restore("full"), persistence.Failed); v.Error != "state prepare broke off: a bug" {
		t.Errorf("ended in %s: %s", v.State, v.Error)
	}
}

// A program that fails is not kept waiting for, nor one whose work is given up.
func TestWorkBesideAProgramIsBrokenOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	w.closeGate()
	begun, _ := w.worksBeside()
	w.start()
	id := w.restore("full")
	<-begun
	w.pass("kill")
	<-begun
	w.pass("fail")
	v := w.ends(id, persistence.Failed)
	if want := "rewind>stage ok>prepare failed>discard"; !strings.Contains(events(v), want) {
		t.Errorf("transitions are %s, want %s in them", events(v), want)
	}
}

func TestCancelWhileWorkBesideAProgramIsWaitedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	begun, _ := w.worksBeside()
	id := w.besideAlone(begun)
	if err := w.Cancel(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	v := w.ends(id, persistence.Cancelled)
	if want := "ok>prepare cancel>discard cancelled>cancelled"; !strings.HasSuffix(events(v), want) {
		t.Errorf("transitions are %s, want %s in the end", events(v), want)
	}
}

// Whichever daemon finds the program, at work or ended, does the work beside it
// anew.
func TestWorkBesideAProgramOfAnEarlierDaemon(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	for _, atWork := range []bool{true, false} {
		w := newWorld(t)
		begun, letGo := w.worksBeside()
		id := ""
		if atWork {
			w.backup("full", "", 0, 100)
			w.closeGate()
			w.start()
			id = w.restore("full")
			<-begun
			w.works(id, "prepare")
		} else {
			id = w.besideAlone(begun)
		}
		w.start()
		<-begun
		if v := w.show(id); v.State != "prepare" || v.Attempt != 1 {
			t.Errorf("it is in %s, attempt %d", v.State, v.Attempt)
		}
		if atWork {
			w.pass("ok")
		}
		letGo <- nil
		if v := w.ends(id, persistence.Succeeded); strings.Count(story(v), "; let go\n") != 1 {
			t.Errorf("at work %t:\n%s", atWork, story(v))
		}
	}
}

// The tool gets each incremental when it is staged, and none before its turn.
func TestChainIsStagedLinkByLink(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	w.backup("a", "full", 100, 200)
	w.backup("b", "a", 200, 300)
	w.closeGate()
	w.start()
	id := w.restore("full", "a", "b")
	stage := w.host.Store.StageFolder(id)
	staged := func(want string) {
		t.Helper()
		w.eventually("the stage holds "+want, func() bool {
			_, err := os.Stat(filepath.Join(stage, "2", "shop", "orders.ibd.delta"))
			return w.names(stage) == want && (err == nil) == strings.HasSuffix(want, "2")
		})
	}
	for _, at := range []struct{ state, want string }{{"prepare", "0 1"}, {"apply", "0 1 2"}, {"apply", "0 2"}} {
		w.works(id, at.state)
		staged(at.want)
		w.pass("ok")
	}
	v := w.ends(id, persistence.Succeeded)
	if want := "ok>prepare more>apply more>apply ok>arrange"; !strings.Contains(events(v), want) {
		t.Errorf("transitions are %s, want %s in them", events(v), want)
	}
	for _, want := range []string{"4 files staged in " + stage + ", checksums right; incrementals to follow while the tool works: 2",
		"; meanwhile 4 files of 'a' staged, checksums right", "; meanwhile 4 files of 'b' staged, checksums right"} {
		if !strings.Contains(story(v), want) {
			t.Errorf("the transitions lack %q:\n%s", want, story(v))
		}
	}
}

// An operation whose chain an earlier program has staged as a whole ends as it
// began.
func TestChainThatAnEarlierProgramHasStaged(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	w.backup("inc", "full", 100, 200)
	w.closeGate()
	w.start()
	id := w.restore("full", "inc")
	w.works(id, "prepare")
	link := filepath.Join(w.host.Store.StageFolder(id), "1")
	w.eventually("the incremental is staged", func() bool {
		return maps.Equal(testkit.Tree(t, link), testkit.Tree(t, w.host.Store.Folder("inc")))
	})
	w.Stop()
	w.exec(w.ledger(), `UPDATE operation SET data = json_remove(data, '$.ahead')`)
	w.start()
	w.pass("ok")
	w.pass("ok")
	v := w.ends(id, persistence.Succeeded)
	if strings.Contains(story(v), "meanwhile") {
		t.Errorf("it was staged again:\n%s", story(v))
	}
}
