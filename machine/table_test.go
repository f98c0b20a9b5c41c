package machine

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/looplab/fsm"

	"dbcalm-db-cmd/machine/definition"
	"dbcalm-db-cmd/persistence"
)

// The table that looplab/fsm runs must be the one that the definitions declare:
// every event of every state leads where the YAML says, all others are refused.
func TestTransitionTableIsWhatIsDeclared(t *testing.T) {
	t.Parallel()
	for _, name := range definition.Names() {
		d, err := definition.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		events := map[string]bool{"nonsense": true}
		for _, e := range tableOf(d) {
			events[e.Name] = true
		}
		for state, s := range d.States {
			for event := range events {
				got, want := fire(d, state, event), declared(s, state, event)
				if got != want {
					t.Errorf("%s: %s in %s leads to %q, declared is %q", name, event, state, got, want)
				}
			}
		}
	}
}

// fire returns where an event leads, empty when it is refused.
func fire(d *definition.Definition, state, event string) string {
	table := fsm.NewFSM(state, tableOf(d), fsm.Callbacks{})
	err := table.Event(context.Background(), event)
	var same fsm.NoTransitionError
	if err != nil && !errors.As(err, &same) {
		return ""
	}
	return table.Current()
}

// declared reads the same from the definition, without its list of edges.
func declared(s *definition.State, state, event string) string {
	if to := s.On[event]; to != "" {
		return to
	}
	switch event {
	case "cancel":
		return s.Cancel
	case "exhausted":
		if s.Step == "" {
			return ""
		}
		if s.Exhausted != "" {
			return s.Exhausted
		}
		return s.On["failed"]
	}
	for _, p := range s.Interrupted {
		if p.Kind != event {
			continue
		}
		switch p.Kind {
		case "adopt", "redo":
			return state
		case "rewind":
			return p.Rewind
		}
	}
	return ""
}

// A step must not return an event that the operation's own machine, stored by
// an older program perhaps, does not know.
func TestOutcomesAreThoseOfTheDefinition(t *testing.T) {
	t.Parallel()
	d, err := definition.Parse(`
name: old
states:
  queued: {on: {start: copy}}
  copy: {on: {ok: done, more: copy, failed: done}}
  done: {on: {retry: queued}}
`)
	if err != nil {
		t.Fatal(err)
	}
	given, err := task(persistence.Operation{Args: []byte("{}"), Data: []byte("{}")}, d)
	if want := []string{"failed", "more", "ok", "retry", "start"}; err != nil || !slices.Equal(given.Events, want) {
		t.Errorf("a step is told of %q, %v, want %q", given.Events, err, want)
	}
}
