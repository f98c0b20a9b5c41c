package definition

import (
	"strings"
	"testing"
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
			if d, err := Parse(test.text); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %+v, %v, want an error with %q", d, err, test.want)
			}
		})
	}
}

func TestParseKeepsTheOrderOfStates(t *testing.T) {
	t.Parallel()
	d, err := Parse("name: x\nstates:\n  z: {end: failed}\n  m: {end: failed, interrupted: [adopt, rewind: z]}\n  a: {end: failed}\n")
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(d.order, " "); got != "z m a" {
		t.Errorf("order is %s", got)
	}
	policies := d.States["m"].Interrupted
	if len(policies) != 2 || policies[0] != (Policy{Kind: PolicyAdopt}) || policies[1] != (Policy{Kind: PolicyRewind, Rewind: "z"}) {
		t.Errorf("policies are %+v", policies)
	}
}

func TestLimit(t *testing.T) {
	t.Parallel()
	if n := (&State{}).MaxInterruptions(); n != DefaultLimit {
		t.Errorf("no limit given: %d", n)
	}
	if n := (&State{Limit: 7}).MaxInterruptions(); n != 7 {
		t.Errorf("limit 7 given: %d", n)
	}
}
