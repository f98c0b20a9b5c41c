package definition

import (
	"context"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/job"
)

// sound is a definition that passes; each test spoils one thing of it.
const sound = `name: sample
summary: s
process: backup
initial: queued
states:
  queued:
    summary: s
    on: {start: first}
    cancel: cancelled
  first:
    summary: s
    step: plain
    on: {ok: second, failed: tidy}
    interrupted: [redo]
  second:
    summary: s
    step: program
    on: {ok: third, more: second, failed: tidy}
    interrupted: [adopt, rewind: first]
    cancel: tidy
  third:
    summary: s
    step: probed
    on: {ok: done, failed: tidy}
    interrupted: [probe, redo]
  tidy:
    summary: s
    step: tidies
    cleanup: true
    on: {failed: failed, cancelled: cancelled, halt: halted}
    interrupted: [halt]
  done: {summary: s, end: succeeded}
  failed: {summary: s, end: failed, on: {retry: queued}}
  cancelled: {summary: s, end: cancelled}
  halted: {summary: s, end: failed, on: {retry: tidy}}
`

func sampleSteps() map[string]steps.Step {
	run := func(context.Context, steps.Task) (steps.Outcome, error) { return steps.Outcome{}, nil }
	return map[string]steps.Step{
		"plain":  {Run: run, Outcomes: []string{"ok"}},
		"tidies": {Run: run, Outcomes: []string{"failed", "cancelled"}},
		"program": {Job: func(context.Context, steps.Task) (job.Spec, error) { return job.Spec{}, nil },
			Outcomes: []string{"ok", "more"}},
		"probed": {Run: run, Probe: func(context.Context, steps.Task) (steps.Outcome, bool, error) {
			return steps.Outcome{}, false, nil
		}, Outcomes: []string{"ok"}},
	}
}

func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		old, new string
		want     []string
	}{
		"nothing": {"", "", nil},
		"a name that cannot be drawn": {"name: sample", "name: Sample-1", []string{
			`definition Sample-1: the name must match ^[a-z][a-z0-9_]*$`}},
		"an unknown process type": {"process: backup", "process: copy", []string{
			`definition sample: process "copy" is none of backup, restore, cleanup_backups`}},
		"an initial state that is not declared": {"initial: queued", "initial: waiting", []string{
			`definition sample: initial state "waiting" is not declared`,
			`definition sample: state queued has the unknown step ""`,
			`definition sample: state queued does not say where failed leads`,
			`definition sample: state queued has no crash policy: interrupted is missing`}},
		"an initial state that works": {"    on: {start: first}\n", "    on: {start: first}\n    step: plain\n", []string{
			`definition sample: initial state queued must have an event start, and no step or end`}},
		"an initial state without a start": {"{start: first}", "{}", []string{
			`definition sample: initial state queued must have an event start, and no step or end`}},
		"an initial state with another event": {"{start: first}", "{start: first, ok: first}", []string{
			`definition sample: initial state queued has the event ok; it can only have start`}},
		"a state's name that cannot be drawn": {"  halted: {", "  Halted: {", []string{
			`definition sample: state name "Halted" must match ^[a-z][a-z0-9_]*$`,
			`definition sample: state tidy leads to "halted" on halt, which is not declared`}},
		"a state without a summary": {"done: {summary: s, ", "done: {", []string{
			`definition sample: state done has no summary`}},
		"an unknown end": {"end: succeeded", "end: won", []string{
			`definition sample: state done ends in "won", which is none of succeeded, failed, cancelled`}},
		"an end that works": {"end: succeeded", "end: succeeded, step: plain", []string{
			`definition sample: end state done must have no step, cancel or interrupted`}},
		"an end that can be cancelled": {"end: succeeded", "end: succeeded, cancel: tidy", []string{
			`definition sample: end state done must have no step, cancel or interrupted`}},
		"an end with a crash policy": {"end: succeeded", "end: succeeded, interrupted: [redo]", []string{
			`definition sample: end state done must have no step, cancel or interrupted`}},
		"an end that is left": {"end: succeeded", "end: succeeded, on: {ok: tidy}", []string{
			`definition sample: end state done has the event ok; it can only have retry`}},
		"an unknown step": {"step: probed", "step: guessed", []string{
			`definition sample: state third has the unknown step "guessed"`}},
		"a state that cannot fail": {"{ok: second, failed: tidy}", "{ok: second}", []string{
			`definition sample: state first does not say where failed leads`}},
		"a clean-up that cannot halt": {"cancelled: cancelled, halt: halted}\n    interrupted: [halt]",
			"cancelled: cancelled}\n    interrupted: [redo]",
			[]string{`definition sample: clean-up state tidy does not say where halt leads`}},
		"an edge that no step takes": {"{ok: second, failed: tidy}", "{ok: second, failed: tidy, more: tidy}", []string{
			`definition sample: state first has an edge for more, which nothing takes, since its step plain never returns it: ` +
				`remove it from on, or let the step declare it`}},
		"a halt that nothing brings about": {"{ok: second, failed: tidy}", "{ok: second, failed: tidy, halt: halted}", []string{
			`definition sample: state first has an edge for halt, which nothing takes, since its step plain never returns it: ` +
				`remove it from on, or let the step declare it`}},
		"an outcome without an edge": {"{ok: third, more: second, failed: tidy}", "{ok: third, failed: tidy}", []string{
			`definition sample: state second does not say where more leads, which its step program can return: add more to its on`}},
		"a program that is not adopted": {"[adopt, rewind: first]", "[rewind: first]", []string{
			`definition sample: state second does not adopt, but its step program runs a program that outlives the daemon: ` +
				`put adopt first in interrupted`}},
		"a probe that is left out": {"[probe, redo]", "[redo]", []string{
			`definition sample: state third does not probe, though its step probed can tell whether its work was done: ` +
				`put probe into interrupted, before the last policy`}},
		"a missing crash policy": {"    step: plain\n    on: {ok: second, failed: tidy}\n    interrupted: [redo]\n",
			"    step: plain\n    on: {ok: second, failed: tidy}\n",
			[]string{`definition sample: state first has no crash policy: interrupted is missing`}},
		"an unknown crash policy": {"interrupted: [probe, redo]", "interrupted: [probe, hope]", []string{
			`definition sample: state third has the unknown crash policy "hope"`}},
		"adopting without a job": {"interrupted: [probe, redo]", "interrupted: [adopt, probe, redo]", []string{
			`definition sample: state third adopts, but its step probed starts no job: remove adopt from interrupted`}},
		"probing without a probe": {"interrupted: [adopt, rewind: first]", "interrupted: [adopt, probe, rewind: first]", []string{
			`definition sample: state second probes, but its step program has no probe: remove probe from interrupted`}},
		"halting to nowhere": {"interrupted: [probe, redo]", "interrupted: [probe, halt]", []string{
			`definition sample: state third halts, but does not say where halt leads`}},
		"only what depends on the disk": {"interrupted: [probe, redo]", "interrupted: [probe]", []string{
			`definition sample: state third: its crash policies must end with redo, rewind or halt, and only there`}},
		"a policy that is never reached": {"interrupted: [probe, redo]", "interrupted: [probe, redo, redo]", []string{
			`definition sample: state third: its crash policies must end with redo, rewind or halt, and only there`,
			`definition sample: state third has two edges for the event redo`}},
		"a target that is not declared": {"{ok: second, failed: tidy}", "{ok: nowhere, failed: tidy}", []string{
			`definition sample: state first leads to "nowhere" on ok, which is not declared`}},
		"a cancel to nowhere": {"    cancel: tidy\n", "    cancel: nowhere\n", []string{
			`definition sample: state second leads to "nowhere" on cancel, which is not declared`}},
		"a rewind to nowhere": {"[adopt, rewind: first]", "[adopt, rewind: nowhere]", []string{
			`definition sample: state second leads to "nowhere" on rewind, which is not declared`}},
		"a limit that leads nowhere": {"    step: probed\n", "    step: probed\n    exhausted: nowhere\n", []string{
			`definition sample: state third leads to "nowhere" on exhausted, which is not declared`}},
		"two rewinds": {"interrupted: [adopt, rewind: first]", "interrupted: [adopt, {rewind: first}, {rewind: first}]", []string{
			`definition sample: state second: its crash policies must end with redo, rewind or halt, and only there`,
			`definition sample: state second has two edges for the event rewind`}},
		"a state that is not reached": {"  done: {", "  island: {summary: s, end: failed}\n  done: {", []string{
			`definition sample: state island cannot be reached`}},
		"a state without a way out": {"{ok: done, failed: tidy}", "{ok: third, failed: third}", []string{
			`definition sample: state third has no way to an end`,
			`definition sample: state done cannot be reached`}},
		"a way out by retry only": {"failed: {summary: s, end: failed, on: {retry: queued}}",
			"failed: {summary: s, end: failed, on: {retry: lonely}}\n  lonely: {summary: s, end: failed}", nil},
		"a rewind to itself": {"[adopt, rewind: first]", "[adopt, rewind: second]", []string{
			`definition sample: state second rewinds to second, which is not before it`}},
		"a rewind forward": {"[adopt, rewind: first]", "[adopt, rewind: third]", []string{
			`definition sample: state second rewinds to third, which is not before it`}},
		"a rewind into the clean-up": {"[probe, redo]", "[probe, rewind: tidy]", []string{
			`definition sample: state third rewinds to tidy, which is not before it`}},
		"a rewind in a circle": {"probed\n    on: {ok: done, failed: tidy}\n    interrupted: [probe, redo]",
			"program\n    on: {ok: done, more: first, failed: tidy}\n    interrupted: [adopt, rewind: first]", []string{
				`definition sample: state second rewinds to first, which is not before it`,
				`definition sample: state third rewinds to first, which is not before it`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if strings.Count(sound, test.old) != 1 && test.old != "" {
				t.Fatalf("%q is in the sound definition %d times", test.old, strings.Count(sound, test.old))
			}
			d, err := Parse(strings.Replace(sound, test.old, test.new, 1))
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if err := d.Check(sampleSteps()); err != nil {
				got = err.Error()
			}
			if !sameLines(got, test.want) {
				t.Errorf("got\n%s\nwant\n%s", got, strings.Join(test.want, "\n"))
			}
		})
	}
}

// What an earlier program stored with an operation is run, though this program
// would not take it as its own; what cannot be run at all is refused.
func TestStoredDefinitionIsCheckedForWhatItTakesToRunIt(t *testing.T) {
	t.Parallel()
	older := strings.NewReplacer("[adopt, rewind: first]", "[rewind: first]", "[probe, redo]", "[redo]", ", more: second", "",
		"{ok: second, failed: tidy}", "{ok: second, maybe: tidy, failed: tidy}", "step: probed", "step: prepare_work").Replace(sound)
	registry := sampleSteps()
	registry["reserve_work"] = registry["probed"]
	d, err := parseStored(older, registry)
	if err != nil {
		t.Fatal(err)
	}
	if step := d.States["third"].Step; step != "reserve_work" || d.Text() != older {
		t.Errorf("the step of old is called %s", step)
	}
	if err := d.Check(registry); err == nil || strings.Count(err.Error(), "\n") != 3 {
		t.Errorf("as a definition of this program it is refused with %v", err)
	}
	delete(registry, "plain")
	if _, err := parseStored(older, registry); err == nil || !strings.Contains(err.Error(), `state first has the unknown step "plain"`) {
		t.Errorf("without its step: %v", err)
	}
	if _, err := parseStored("{", registry); err == nil {
		t.Error("what is no YAML was read")
	}
}

// sameLines compares without regard to the order in which maps are walked.
func sameLines(text string, want []string) bool {
	left := strings.Split(text, "\n")
	if text == "" {
		left = nil
	}
	for _, line := range want {
		found := false
		for i, other := range left {
			if other == line {
				left, found = append(left[:i:i], left[i+1:]...), true
				break
			}
		}
		if !found {
			return false
		}
	}
	return len(left) == 0
}
