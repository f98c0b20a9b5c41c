package machine

import (
	"strings"
	"testing"

	"dbcalm-db-cmd/persistence"
)

// atWork leaves a restore whose program runs, and no manager.
func (w *world) atWork() (id string) {
	w.t.Helper()
	w.backup("full", "", 0, 100)
	w.closeGate()
	w.start()
	id = w.restore("full")
	w.works(id, "prepare")
	w.Stop()
	return id
}

func TestJobIsAdoptedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.atWork()
	for restart := range int32(2) {
		w.start()
		w.eventually("the job is adopted", func() bool {
			return strings.Count(events(w.show(id)), "adopt>prepare") == int(restart)+1
		})
		if restart == 0 {
			w.Stop()
		}
		if n := w.adopted.Load(); n != restart+1 {
			t.Errorf("after %d restarts it was adopted %d times", restart+1, n)
		}
	}
	w.pass("ok")
	v := w.ends(id, persistence.Succeeded)
	if want := "ok>prepare adopt>prepare adopt>prepare ok>arrange"; !strings.Contains(events(v), want) {
		t.Errorf("transitions are %s, want %s in them", events(v), want)
	}
	if n := w.adopted.Load(); n != 2 || len(v.Processes) != 2 {
		t.Errorf("in the end it was adopted %d times, for %d programs", n, len(v.Processes))
	}
}

// A cancel finds the program, whoever has started it.
func TestAdoptedJobIsCancelled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.atWork()
	job := w.job(id)
	w.start()
	w.eventually("the job is adopted", func() bool { return strings.Contains(events(w.show(id)), "adopt>prepare") })
	if err := w.Cancel(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	v := w.ends(id, persistence.Cancelled)
	if want := "adopt>prepare cancel>discard cancelled>cancelled"; !strings.HasSuffix(events(v), want) {
		t.Errorf("transitions are %s, want %s in the end", events(v), want)
	}
	w.gone(job)
}

// A stored definition that does not adopt loses the note in the transitions, and
// not the program.
func TestJobOfADefinitionThatDoesNotAdopt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.atWork()
	w.exec(w.ledger(),
		`UPDATE operation_definition SET text = replace(text, 'interrupted: [adopt, rewind: stage]', 'interrupted: [rewind: stage]')`)
	w.start()
	w.eventually("the job is found", func() bool { return w.adopted.Load() == 1 })
	if v := w.show(id); v.State != "prepare" || v.Attempt != 1 {
		t.Errorf("it went on without its program:\n%s", story(v))
	}
	w.pass("ok")
	v := w.ends(id, persistence.Succeeded)
	if want := "ok>stage ok>prepare ok>arrange"; !strings.Contains(events(v), want) {
		t.Errorf("transitions are %s, want %s in them", events(v), want)
	}
}

// What is decided without the program of a state is refused, and the program is
// looked at again.
func TestDecisionWithoutItsProgramIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.backup("full", "", 0, 100)
	w.closeGate()
	w.start()
	id := w.restore("full")
	w.works(id, "prepare")
	o, err := w.Store.Operation(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	w.mu.Lock()
	r := w.running[id]
	w.mu.Unlock()
	a := &attempt{engine: w.engine, run: r, operation: o, state: r.definition.States[o.State]}
	if goesOn := a.settle(t.Context(), decision{event: "failed", reason: "no luck", failure: "no luck"}); !goesOn {
		t.Error("the operation is given up")
	}
	if v := w.show(id); v.State != "prepare" || len(v.Transitions) != int(o.Seq) {
		t.Errorf("its state was left:\n%s", story(v))
	}
	w.pass("ok")
	w.ends(id, persistence.Succeeded)
}
