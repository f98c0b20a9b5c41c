package machine

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"github.com/looplab/fsm"
	"gopkg.in/yaml.v3"

	"dbcalm-db-cmd/persistence"
)

// defaultLimit is how many interruptions a state survives before its
// operation fails.
const defaultLimit = 3

// The events that the manager itself sends; the others are outcomes of steps.
const (
	eventStart     = "start"
	eventCancel    = "cancel"
	eventAdopt     = "adopt"
	eventRedo      = "redo"
	eventRewind    = "rewind"
	eventExhausted = "exhausted"
	eventHalt      = "halt"
	eventRetry     = "retry"
)

// Definition is a machine as declared in YAML.
type Definition struct {
	Name    string `yaml:"name"`
	Summary string `yaml:"summary"`
	// Process is what other programs file the operation's processes under.
	Process persistence.ProcessType `yaml:"process"`
	// Slot tells whether an operation counts against max_concurrent.
	Slot bool `yaml:"slot"`
	// Exclusive lets one operation of this machine run at a time.
	Exclusive bool              `yaml:"exclusive"`
	Initial   string            `yaml:"initial"`
	States    map[string]*State `yaml:"states"`

	// text is what was read; order is the states' order in it.
	text  string
	order []string
}

// State is one state of a machine.
type State struct {
	Summary string `yaml:"summary"`
	// Step names the work done in the state; the initial and the end states
	// have none.
	Step string `yaml:"step"`
	// On says where each event leads.
	On map[string]string `yaml:"on"`
	// Interrupted is the crash policy, in order of preference.
	Interrupted []Policy `yaml:"interrupted"`
	// Limit is how many interruptions are survived; 0 means defaultLimit.
	Limit int `yaml:"limit"`
	// Exhausted is where one more leads; empty means where failed leads.
	Exhausted string `yaml:"exhausted"`
	// Cancel is where a cancel leads; empty means that it comes too late.
	Cancel string `yaml:"cancel"`
	// Cleanup marks a state in which an operation that has already failed or
	// been cancelled cleans up; an error there leads to a halt.
	Cleanup bool `yaml:"cleanup"`
	// End is how an operation that reaches the state has ended.
	End persistence.Status `yaml:"end"`
}

// Policy is one crash policy: adopt, probe, redo, halt, or rewind to a state.
type Policy struct {
	Kind   string
	Rewind string
}

// The crash policies, as design and definitions call them.
const (
	policyAdopt  = "adopt"
	policyProbe  = "probe"
	policyRedo   = "redo"
	policyRewind = "rewind"
	policyHalt   = "halt"
)

// UnmarshalYAML reads "redo" and "rewind: STATE" alike.
func (p *Policy) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		return node.Decode(&p.Kind)
	}
	var rewind struct {
		Rewind string `yaml:"rewind"`
	}
	if err := node.Decode(&rewind); err != nil {
		return err
	}
	if rewind.Rewind == "" || len(node.Content) != 2 {
		return fmt.Errorf("line %d: a policy is a word or \"rewind: STATE\"", node.Line)
	}
	p.Kind, p.Rewind = policyRewind, rewind.Rewind
	return nil
}

// parse reads a definition without checking what it says. Keys it does not
// know and keys that stand twice are errors.
func parse(text string) (*Definition, error) {
	d := &Definition{text: text}
	decoder := yaml.NewDecoder(bytes.NewBufferString(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(d); err != nil {
		return nil, fmt.Errorf("read definition: %w", err)
	}
	var err error
	if d.order, err = stateOrder(text); err != nil {
		return nil, err
	}
	for name, s := range d.States {
		if s == nil {
			return nil, fmt.Errorf("read definition %s: state %s is empty", d.Name, name)
		}
	}
	return d, nil
}

// stateOrder returns the states' names as the text orders them, which is how
// people read a drawing.
func stateOrder(text string) ([]string, error) {
	var document struct {
		States yaml.Node `yaml:"states"`
	}
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		return nil, fmt.Errorf("read definition: %w", err)
	}
	var names []string
	for i := 0; i+1 < len(document.States.Content); i += 2 {
		names = append(names, document.States.Content[i].Value)
	}
	return names, nil
}

// edge is one arrow of a machine.
type edge struct{ from, event, to string }

// edges lists every arrow: of outcomes, cancels, retries and crash policies.
func (d *Definition) edges() []edge {
	var list []edge
	for _, name := range d.order {
		s := d.States[name]
		var events []string
		for event := range s.On {
			events = append(events, event)
		}
		slices.Sort(events)
		for _, event := range events {
			list = append(list, edge{name, event, s.On[event]})
		}
		if s.Cancel != "" {
			list = append(list, edge{name, eventCancel, s.Cancel})
		}
		for _, p := range s.Interrupted {
			switch p.Kind {
			case policyAdopt:
				list = append(list, edge{name, eventAdopt, name})
			case policyRedo:
				list = append(list, edge{name, eventRedo, name})
			case policyRewind:
				list = append(list, edge{name, eventRewind, p.Rewind})
			}
		}
		if to := d.exhausted(s); s.Step != "" && to != "" {
			list = append(list, edge{name, eventExhausted, to})
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

// events returns the transition table for looplab/fsm.
func (d *Definition) events() fsm.Events {
	var events fsm.Events
	for _, e := range d.edges() {
		events = append(events, fsm.EventDesc{Name: e.event, Src: []string{e.from}, Dst: e.to})
	}
	return events
}

// cancellable lists the states that a cancel can leave.
func (d *Definition) cancellable() []string {
	var names []string
	for _, name := range d.order {
		if d.States[name].Cancel != "" {
			names = append(names, name)
		}
	}
	return names
}

// outcomes lists, in order, the events that the machine's states know.
func (d *Definition) outcomes() []string {
	events := map[string]bool{}
	for _, s := range d.States {
		for event := range s.On {
			events[event] = true
		}
	}
	return slices.Sorted(maps.Keys(events))
}

func (s *State) limit() int {
	if s.Limit == 0 {
		return defaultLimit
	}
	return s.Limit
}
