package definition

import (
	"errors"
	"sync"

	"dbcalm-db-cmd/steps"
)

// Stored are the definitions that operations began with, each understood once.
type Stored struct {
	registry map[string]steps.Step

	mu     sync.Mutex
	parsed map[string]*Definition
}

// NewStored returns those that take their steps from a registry.
func NewStored(registry map[string]steps.Step) *Stored {
	return &Stored{registry: registry, parsed: map[string]*Definition{}}
}

// errLost: an operation's definition is not in the ledger.
var errLost = errors.New("the definition that it began with is lost")

// Parse returns the definition that an operation began with.
func (s *Stored) Parse(text string) (*Definition, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d, found := s.parsed[text]; found {
		return d, nil
	}
	if text == "" {
		return nil, errLost
	}
	d, err := parseStored(text, s.registry)
	if err != nil {
		return nil, err
	}
	s.parsed[text] = d
	return d, nil
}

// parseStored reads the definition that an operation began with, which may be an
// older program's. Its steps are found by the names they have now. It is checked
// only for what it takes to run it: an operation under way must go on, whatever
// later programs demand of their own definitions.
func parseStored(text string, registry map[string]steps.Step) (*Definition, error) {
	d, err := Parse(text)
	if err != nil {
		return nil, err
	}
	for _, s := range d.States {
		if now, renamed := steps.FormerNames[s.Step]; renamed {
			s.Step = now
		}
	}
	return d, d.check(registry, false)
}
