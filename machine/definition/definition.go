package definition

import (
	"fmt"

	"gopkg.in/yaml.v3"

	"dbcalm-db-cmd/persistence"
)

// DefaultLimit is how many interruptions a state survives, unless it says
// otherwise, before its operation fails.
const DefaultLimit = 3

// The events that the manager itself sends; the others are outcomes of steps.
const (
	EventStart     = "start"
	EventCancel    = "cancel"
	EventAdopt     = "adopt"
	EventRedo      = "redo"
	EventRewind    = "rewind"
	EventExhausted = "exhausted"
	EventHalt      = "halt"
	EventRetry     = "retry"
)

// Definition is a machine as declared in YAML.
type Definition struct {
	Name    string `yaml:"name"`
	Summary string `yaml:"summary"`
	// Command is the command that an operation of this machine carries out.
	Command string `yaml:"command"`
	// Target is the target of the command that the machine is for; empty if the
	// command has none.
	Target string `yaml:"target"`
	// ReplacesDataDirectory says that an operation which succeeds has put other
	// data into the server's data directory: no incremental may stand on a backup
	// from before.
	ReplacesDataDirectory bool `yaml:"replaces_data_directory"`
	// Process is what other programs file the operation's processes under.
	Process persistence.ProcessType `yaml:"process"`
	// Slot says whether an operation counts against max_concurrent.
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
	// Limit is how many interruptions are survived; 0 means DefaultLimit.
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
	PolicyAdopt  = "adopt"
	PolicyProbe  = "probe"
	PolicyRedo   = "redo"
	PolicyRewind = "rewind"
	PolicyHalt   = "halt"
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
	p.Kind, p.Rewind = PolicyRewind, rewind.Rewind
	return nil
}
