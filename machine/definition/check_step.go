package definition

import (
	"maps"
	"slices"

	"dbcalm-db-cmd/steps"
)

// checkStep compares a state with what its step says of itself: where each of
// the step's outcomes leads, and what the step can do when it is interrupted.
func (d *Definition) checkStep(name string, step steps.Step, report func(string, ...any)) {
	s := d.States[name]
	for _, event := range step.Outcomes {
		if s.On[event] == "" && !(event == EventRewind && s.survives(PolicyRewind)) {
			report("state %s does not say where %s leads, which its step %s can return: add %s to its on", name, event, s.Step, event)
		}
	}
	for _, event := range slices.Sorted(maps.Keys(s.On)) {
		if !s.takes(event, step) {
			report("state %s has an edge for %s, which nothing takes, since its step %s never returns it: "+
				"remove it from on, or let the step declare it",
				name, event, s.Step)
		}
	}
	if len(s.Interrupted) == 0 {
		return
	}
	if step.Job != nil && !s.survives(PolicyAdopt) {
		report("state %s does not adopt, but its step %s runs a program that outlives the daemon: put adopt first in interrupted", name, s.Step)
	}
	if step.Probe != nil && !s.survives(PolicyProbe) {
		report("state %s does not probe, though its step %s can tell whether its work was done: "+
			"put probe into interrupted, before the last policy", name, s.Step)
	}
}

// takes reports whether an event can come up in the state. Every step can fail;
// halt is what the manager makes of an error in a clean-up, and of the policy.
func (s *State) takes(event string, step steps.Step) bool {
	switch event {
	case steps.EventFailed:
		return true
	case EventHalt:
		return s.Cleanup || s.survives(PolicyHalt)
	}
	return slices.Contains(step.Outcomes, event)
}

// survives reports whether a crash policy is among those of the state.
func (s *State) survives(kind string) bool {
	return slices.ContainsFunc(s.Interrupted, func(p Policy) bool { return p.Kind == kind })
}
