package screen

import (
	"time"

	"dbcalm-db-cmd/machine/api"
)

// stay is one stay of an operation in a state.
type stay struct {
	state string
	took  time.Duration
	// broken reports that it was left by a failure, a cancel or an interruption.
	broken bool
}

// stays returns an operation's stays, the end states left out; the last one
// lasts until now if the operation goes on.
func stays(view api.OperationView, now time.Time) []stay {
	var all []stay
	transitions := view.Transitions
	// What follows a failure is its clean-up, until somebody tries again.
	failing := false
	for i, t := range transitions {
		last := i == len(transitions)-1
		if last && view.Over() {
			break
		}
		if i > 0 && t.From == t.To && len(all) > 0 && t.Event != "more" {
			continue // a note, such as that a job was adopted
		}
		end := now
		broken := false
		for j := i + 1; j < len(transitions); j++ {
			next := transitions[j]
			if next.From == next.To && next.Event != "more" {
				continue
			}
			end = next.At
			broken = !failing && breaks(next.Event)
			failing = (failing || broken && next.Event != "rewind") && next.Event != "retry"
			break
		}
		all = append(all, stay{state: t.To, took: max(0, end.Sub(t.At)), broken: broken})
	}
	return all
}

func breaks(event string) bool {
	switch event {
	case "failed", "cancel", "cancelled", "rewind", "exhausted", "halt":
		return true
	}
	return false
}
