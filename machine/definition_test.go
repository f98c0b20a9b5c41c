package machine

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/looplab/fsm"

	"dbcalm-db-cmd/persistence"
)

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ text, want string }{
		"no YAML":            {"a: [", "read definition: "},
		"nothing":            {"", "read definition: EOF"},
		"an unknown key":     {"name: x\ncolour: red\n", "field colour not found"},
		"a key twice":        {"name: x\nname: y\n", `mapping key "name" already defined`},
		"a state's key":      {"states: {a: {stop: b}}\n", "field stop not found"},
		"a state twice":      {"states:\n  a: {end: failed}\n  a: {end: failed}\n", `mapping key "a" already defined`},
		"an event twice":     {"states: {a: {on: {ok: b, ok: c}}}\n", `mapping key "ok" already defined`},
		"an empty state":     {"name: x\nstates: {a: }\n", "read definition x: state a is empty"},
		"an empty rewind":    {"states: {a: {interrupted: [rewind: ]}}\n", `line 1: a policy is a word or "rewind: STATE"`},
		"another mapping":    {"states: {a: {interrupted: [redo: b]}}\n", `a policy is a word or "rewind: STATE"`},
		"two in one mapping": {"states: {a: {interrupted: [{rewind: b, redo: c}]}}\n", `a policy is a word or "rewind: STATE"`},
		"a list as a policy": {"states: {a: {interrupted: [[redo]]}}\n", "cannot unmarshal"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if d, err := parse(test.text); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %+v, %v, want an error with %q", d, err, test.want)
			}
		})
	}
}

func TestParseKeepsTheOrderOfStates(t *testing.T) {
	t.Parallel()
	d, err := parse("name: x\nstates:\n  z: {end: failed}\n  m: {end: failed, interrupted: [adopt, rewind: z]}\n  a: {end: failed}\n")
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(d.order, " "); got != "z m a" {
		t.Errorf("order is %s", got)
	}
	policies := d.States["m"].Interrupted
	if len(policies) != 2 || policies[0] != (Policy{Kind: policyAdopt}) || policies[1] != (Policy{Kind: policyRewind, Rewind: "z"}) {
		t.Errorf("policies are %+v", policies)
	}
}

func TestLimit(t *testing.T) {
	t.Parallel()
	if n := (&State{}).limit(); n != defaultLimit {
		t.Errorf("no limit given: %d", n)
	}
	if n := (&State{Limit: 7}).limit(); n != 7 {
		t.Errorf("limit 7 given: %d", n)
	}
}

// The table that looplab/fsm runs must be the one that the definitions declare:
// every event of every state leads where the YAML says, all others are refused.
func TestTransitionTableIsWhatIsDeclared(t *testing.T) {
	t.Parallel()
	for _, name := range Names() {
		d, err := load(name)
		if err != nil {
			t.Fatal(err)
		}
		events := map[string]bool{"nonsense": true}
		for _, e := range d.events() {
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
func fire(d *Definition, state, event string) string {
	table := fsm.NewFSM(state, d.events(), fsm.Callbacks{})
	err := table.Event(context.Background(), event)
	var same fsm.NoTransitionError
	if err != nil && !errors.As(err, &same) {
		return ""
	}
	return table.Current()
}

// declared reads the same from the definition, without its list of edges.
func declared(s *State, state, event string) string {
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
	d, err := parse(`
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
