package main

import (
	"fmt"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/screen"
	"dbcalm-db-cmd/machine/api"
)

// chain returns the ids of a backup and all it stands on, the full backup
// first. The error of a chain that is not whole names the broken link.
func chain(backups []api.BackupView, id string) ([]string, error) {
	chains := screen.NewChains(backups)
	links, end := chains.Walk(id)
	if len(links) == 0 {
		return nil, exitWith(exitFailed, fmt.Errorf("no backup %s is recorded: see backups list", id))
	}
	first := links[0]
	base := chains.Base(first)
	switch end {
	case screen.AtMissing:
		return nil, exitWith(exitFailed, fmt.Errorf("the chain of %s is broken: %s stands on %s, which is not recorded; "+
			"bring back the folder of %s and run backups rebuild, or restore another backup of backups list", id, first, base, base))
	case screen.AtItself:
		return nil, exitWith(exitFailed, fmt.Errorf(
			"the chain of %s has no beginning: %s stands on %s and on itself; restore another backup", id, base, first))
	}
	return links, nil
}
