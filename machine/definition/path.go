package definition

import (
	"dbcalm-db-cmd/steps"
)

// Ahead lists the states in which a machine may yet work towards success
// behind the given one, in order. Some are left out by operations that do not
// need them.
func Ahead(name, state string) ([]string, error) {
	d, err := Load(name)
	if err != nil {
		return nil, err
	}
	reached := d.reach(state, []string{steps.EventFailed, EventCancel, EventExhausted, EventHalt, EventRewind, EventRetry})
	var path []string
	for _, next := range d.order {
		if s := d.States[next]; s != nil && s.Step != "" && !s.Cleanup && reached[next] && next != state {
			path = append(path, next)
		}
	}
	return path, nil
}
