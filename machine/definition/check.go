package definition

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps"
)

// statePattern keeps names safe in drawings and tables.
var statePattern = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// Check returns everything that is wrong with a definition, given the steps
// there are, so that a daemon refuses it at start and not at night.
func (d *Definition) Check(registry map[string]steps.Step) error {
	return d.check(registry, true)
}

// check looks at what it takes to run a definition at all and, if it is one of
// this program's own, whether it says all that its steps need.
func (d *Definition) check(registry map[string]steps.Step, own bool) error {
	var problems []error
	report := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf("definition %s: "+format, append([]any{d.Name}, args...)...))
	}
	if !statePattern.MatchString(d.Name) {
		report("the name must match %s", statePattern)
	}
	if !slices.Contains([]persistence.ProcessType{persistence.TypeBackup, persistence.TypeRestore, persistence.TypeCleanup}, d.Process) {
		report("process %q is none of backup, restore, cleanup_backups", d.Process)
	}
	if initial, found := d.States[d.Initial]; !found {
		report("initial state %q is not declared", d.Initial)
	} else if initial.Step != "" || initial.End != "" || initial.On[EventStart] == "" {
		report("initial state %s must have an event start, and no step or end", d.Initial)
	}
	for _, name := range d.order {
		d.checkState(name, registry, report)
		s := d.States[name]
		if step, known := registry[s.Step]; known && own && s.End == "" && name != d.Initial {
			d.checkStep(name, step, report)
		}
	}
	d.checkEdges(report)
	if len(problems) == 0 {
		d.checkPaths(report)
	}
	return errors.Join(problems...)
}

func (d *Definition) checkState(name string, registry map[string]steps.Step, report func(string, ...any)) {
	s := d.States[name]
	if !statePattern.MatchString(name) {
		report("state name %q must match %s", name, statePattern)
	}
	if s.Summary == "" {
		report("state %s has no summary", name)
	}
	switch {
	case s.End != "":
		if !slices.Contains([]persistence.Status{persistence.Succeeded, persistence.Failed, persistence.Cancelled}, s.End) {
			report("state %s ends in %q, which is none of succeeded, failed, cancelled", name, s.End)
		}
		if s.Step != "" || s.Cancel != "" || len(s.Interrupted) > 0 {
			report("end state %s must have no step, cancel or interrupted", name)
		}
		for event := range s.On {
			if event != EventRetry {
				report("end state %s has the event %s; it can only have retry", name, event)
			}
		}
	case name == d.Initial:
		for event := range s.On {
			if event != EventStart {
				report("initial state %s has the event %s; it can only have start", name, event)
			}
		}
	default:
		d.checkWork(name, s, registry, report)
	}
}

// checkWork checks a state in which a step works.
func (d *Definition) checkWork(name string, s *State, registry map[string]steps.Step, report func(string, ...any)) {
	step, known := registry[s.Step]
	if !known {
		report("state %s has the unknown step %q", name, s.Step)
	}
	if s.On[steps.EventFailed] == "" {
		report("state %s does not say where failed leads", name)
	}
	if s.Cleanup && s.On[EventHalt] == "" {
		report("clean-up state %s does not say where halt leads", name)
	}
	if len(s.Interrupted) == 0 {
		report("state %s has no crash policy: interrupted is missing", name)
		return
	}
	for i, p := range s.Interrupted {
		last := i == len(s.Interrupted)-1
		switch p.Kind {
		case PolicyAdopt:
			if known && step.Job == nil {
				report("state %s adopts, but its step %s starts no job: remove adopt from interrupted", name, s.Step)
			}
		case PolicyProbe:
			if known && step.Probe == nil {
				report("state %s probes, but its step %s has no probe: remove probe from interrupted", name, s.Step)
			}
		case PolicyRedo, PolicyRewind:
		case PolicyHalt:
			if s.On[EventHalt] == "" {
				report("state %s halts, but does not say where halt leads", name)
			}
		default:
			report("state %s has the unknown crash policy %q", name, p.Kind)
		}
		if conditional := p.Kind == PolicyAdopt || p.Kind == PolicyProbe; conditional == last {
			report("state %s: its crash policies must end with redo, rewind or halt, and only there", name)
		}
	}
}

// checkEdges checks that every arrow leads from one place to one declared
// state.
func (d *Definition) checkEdges(report func(string, ...any)) {
	seen := map[[2]string]bool{}
	for _, e := range d.Edges() {
		if _, found := d.States[e.To]; !found {
			report("state %s leads to %q on %s, which is not declared", e.From, e.To, e.Event)
		}
		key := [2]string{e.From, e.Event}
		if seen[key] {
			report("state %s has two edges for the event %s", e.From, e.Event)
		}
		seen[key] = true
	}
}

// checkPaths checks that every state can be reached and can reach an end, and
// that a rewind goes back.
func (d *Definition) checkPaths(report func(string, ...any)) {
	fromStart := d.reach(d.Initial, nil)
	for _, name := range d.order {
		if !fromStart[name] {
			report("state %s cannot be reached", name)
		}
		ends := false
		for target := range d.reach(name, []string{EventRetry}) {
			ends = ends || d.States[target].End != ""
		}
		if !ends {
			report("state %s has no way to an end", name)
		}
		for _, p := range d.States[name].Interrupted {
			if p.Kind != PolicyRewind {
				continue
			}
			without := []string{EventRetry, EventRewind}
			if p.Rewind == name || !d.reach(p.Rewind, without)[name] || d.reach(name, without)[p.Rewind] {
				report("state %s rewinds to %s, which is not before it", name, p.Rewind)
			}
		}
	}
}

// reach returns the states that can be reached from one, itself included,
// without the given events.
func (d *Definition) reach(from string, without []string) map[string]bool {
	edges := d.Edges()
	reached, queue := map[string]bool{from: true}, []string{from}
	for len(queue) > 0 {
		state := queue[0]
		queue = queue[1:]
		for _, e := range edges {
			if e.From == state && !reached[e.To] && !slices.Contains(without, e.Event) {
				reached[e.To] = true
				queue = append(queue, e.To)
			}
		}
	}
	return reached
}
