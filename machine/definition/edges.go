package definition

import (
	"maps"
	"slices"
)

// Edge is one arrow of a machine.
type Edge struct{ From, Event, To string }

// Edges lists every arrow: of outcomes, cancels, retries and crash policies.
func (d *Definition) Edges() []Edge {
	var list []Edge
	for _, name := range d.order {
		s := d.States[name]
		var events []string
		for event := range s.On {
			events = append(events, event)
		}
		slices.Sort(events)
		for _, event := range events {
			list = append(list, Edge{name, event, s.On[event]})
		}
		if s.Cancel != "" {
			list = append(list, Edge{name, EventCancel, s.Cancel})
		}
		for _, p := range s.Interrupted {
			switch p.Kind {
			case PolicyAdopt:
				list = append(list, Edge{name, EventAdopt, name})
			case PolicyRedo:
				list = append(list, Edge{name, EventRedo, name})
			case PolicyRewind:
				list = append(list, Edge{name, EventRewind, p.Rewind})
			}
		}
		if to := d.exhausted(s); s.Step != "" && to != "" {
			list = append(list, Edge{name, EventExhausted, to})
		}
	}
	return list
}

func (d *Definition) exhausted(s *State) string {
	if s.Exhausted != "" {
		return s.Exhausted
	}
	return s.On["failed"]
}

// Cancellable lists the states that a cancel can leave.
func (d *Definition) Cancellable() []string {
	var names []string
	for _, name := range d.order {
		if d.States[name].Cancel != "" {
			names = append(names, name)
		}
	}
	return names
}

// Outcomes lists, in order, the events that the machine's states know.
func (d *Definition) Outcomes() []string {
	events := map[string]bool{}
	for _, s := range d.States {
		for event := range s.On {
			events[event] = true
		}
	}
	return slices.Sorted(maps.Keys(events))
}

// MaxInterruptions is how many interruptions the state survives.
func (s *State) MaxInterruptions() int {
	if s.Limit == 0 {
		return DefaultLimit
	}
	return s.Limit
}

// Resumes reports whether a retry of an operation that ended in the state goes
// on in the middle of its work; what it has left is needed then.
func (d *Definition) Resumes(state string) bool {
	s := d.States[state]
	return s != nil && s.On[EventRetry] != "" && s.On[EventRetry] != d.Initial
}
