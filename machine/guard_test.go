package machine

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/job"
)

func TestPanicOfAStepIsItsOperationsFailure(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(w *world){
		"stage": func(w *world) {
			w.replace["stage_chain"] = steps.Step{Run: func(context.Context, steps.Task) (steps.Outcome, error) { panic("a bug") }}
		},
		"prepare": func(w *world) {
			step := w.host.Steps()["prepare_restore"]
			step.Job = func(context.Context, steps.Task) (job.Spec, error) { panic("a bug") }
			w.replace["prepare_restore"] = step
		},
		"prepare (judged)": func(w *world) {
			step := w.host.Steps()["prepare_restore"]
			step.Finish = func(context.Context, steps.Task, job.Result) (steps.Outcome, error) { panic("a bug") }
			w.replace["prepare_restore"] = step
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			w := newWorld(t)
			w.options.Logger = zerolog.New(zerolog.SyncWriter(&log))
			w.backup("full", "", 0, 100)
			spoil(w)
			w.start()
			state, _, _ := strings.Cut(name, " ")
			id := w.restore("full")
			v := w.ends(id, persistence.Failed)
			if v.State != "failed" || v.Error != "state "+state+" broke off: a bug" {
				t.Errorf("ended in %s: %s", v.State, v.Error)
			}
			if _, err := w.OpenJob(t.Context(), id); err == nil {
				t.Error("its job is still open")
			}
			w.Stop()
			if text := log.String(); !strings.Contains(text, "guard_test.go") || !strings.Contains(text, id) {
				t.Errorf("the log does not say where:\n%s", text)
			}
		})
	}
}

func TestPanicOfAProbe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	begun := make(chan string)
	stay := func(_ context.Context, t steps.Task) (steps.Outcome, error) {
		return steps.Outcome{Event: steps.EventOK, Data: t.Data}, nil
	}
	for _, name := range []string{"validate_backup", "reserve_work", "seal_backup"} {
		w.replace[name] = steps.Step{Run: stay}
	}
	w.replace["copy_backup"] = steps.Step{
		Job: func(context.Context, steps.Task) (job.Spec, error) {
			return job.Spec{Path: "/bin/true", Dir: "/", Output: "/"}, nil
		},
		Finish: func(_ context.Context, t steps.Task, _ job.Result) (steps.Outcome, error) {
			return stay(context.Background(), t)
		},
	}
	w.replace["publish_backup"] = steps.Step{Run: block(begun, nil),
		Probe: func(context.Context, steps.Task) (steps.Outcome, bool, error) { panic("a bug") }}
	w.start()
	id := w.accepted(w.accept(t.Context(), order{command: "full_backup"}, "b", api.Args{ID: "b"}, nil, nil))
	<-begun
	w.start()
	if v := w.ends(id, persistence.Failed); v.Error != "state publish broke off: a bug" {
		t.Errorf("ended in %s: %s", v.State, v.Error)
	}
}

// Definitions are checked against what steps declare; a step that returns
// anything else fails its operation, however it comes to it.
func TestOutcomeThatIsNotDeclaredIsItsOperationsFailure(t *testing.T) {
	t.Parallel()
	undeclared := steps.Outcome{Event: steps.EventCompress, Reason: "of old"}
	for state, spoil := range map[string]func(w *world){
		"stage": func(w *world) {
			w.replace["stage_chain"] = steps.Step{Run: func(context.Context, steps.Task) (steps.Outcome, error) { return undeclared, nil }}
		},
		"prepare": func(w *world) {
			step := w.host.Steps()["prepare_restore"]
			step.Finish = func(context.Context, steps.Task, job.Result) (steps.Outcome, error) { return undeclared, nil }
			w.replace["prepare_restore"] = step
		},
	} {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.backup("full", "", 0, 100)
			spoil(w)
			w.start()
			id := w.restore("full")
			v := w.ends(id, persistence.Failed)
			want := "state " + state + ` broke off: its step returned "compress", which it does not declare: this is a bug, please report it`
			if v.Error != want {
				t.Errorf("got %s, want %s", v.Error, want)
			}
			if _, err := w.OpenJob(t.Context(), id); err == nil {
				t.Error("its job is still open")
			}
		})
	}
}
