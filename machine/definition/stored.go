package definition

import (
	"dbcalm-db-cmd/steps"
)

// ParseStored reads the definition that an operation began with, which may be an
// older program's. Its steps are found by the names they have now. It is checked
// only for what it takes to run it: an operation under way must go on, whatever
// later programs demand of their own definitions.
func ParseStored(text string, registry map[string]steps.Step) (*Definition, error) {
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
