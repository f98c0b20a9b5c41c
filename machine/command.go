package machine

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/machine/definition"
)

// The commands that begin operations, as requests and definitions call them.
const (
	commandFullBackup        = "full_backup"
	commandIncrementalBackup = "incremental_backup"
	commandRestoreBackup     = "restore_backup"
	commandVerifyBackup      = "verify_backup"
	commandDeleteBackup      = "delete_backup"
)

// order is a command, with its target if it has one: what a machine is for.
type order struct {
	command string
	target  api.Target
}

func (o order) String() string {
	if o.target == "" {
		return o.command
	}
	return fmt.Sprintf("%s to target %s", o.command, o.target)
}

// orders are all that this program accepts.
var orders = []order{
	{command: commandFullBackup}, {command: commandIncrementalBackup},
	{commandRestoreBackup, api.TargetFolder}, {commandRestoreBackup, api.TargetDatabase},
	{command: commandVerifyBackup}, {command: commandDeleteBackup},
}

// assign finds the machine for each order. Which one that is, definitions say
// themselves; each order must have exactly one. A machine without a command is
// one that no request begins.
func assign(definitions map[string]*definition.Definition) (map[order]*definition.Definition, error) {
	machines := map[order]*definition.Definition{}
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(definitions)) {
		d := definitions[name]
		o := order{d.Command, api.Target(d.Target)}
		if o == (order{}) {
			continue
		}
		switch other := machines[o]; {
		case !slices.Contains(orders, o):
			problems = append(problems, fmt.Errorf("definition %s: it is for %s, which is no command: use one of %v", name, o, orders))
		case other != nil:
			problems = append(problems, fmt.Errorf("definition %s: it is for %s, as definition %s is: let only one of them be", name, o, other.Name))
		default:
			machines[o] = d
		}
	}
	for _, o := range orders {
		if machines[o] == nil {
			problems = append(problems, fmt.Errorf("no definition is for %s: give one that command and target", o))
		}
	}
	return machines, errors.Join(problems...)
}
