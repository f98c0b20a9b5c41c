package main

import (
	"fmt"
	"slices"

	"dbcalm-db-cmd/machine"
)

// chain returns the ids of a backup and all it stands on, the full backup
// first. The error of a chain that is not whole names the broken link.
func chain(backups []machine.BackupView, id string) ([]string, error) {
	parents := make(map[string]string, len(backups))
	for _, b := range backups {
		parents[b.ID] = b.FromBackupID
	}
	if _, found := parents[id]; !found {
		return nil, exitWith(exitFailed, fmt.Errorf("no backup %s is recorded: see backups list", id))
	}
	links := []string{id}
	for link := id; parents[link] != ""; link = parents[link] {
		parent := parents[link]
		if _, found := parents[parent]; !found {
			return nil, exitWith(exitFailed, fmt.Errorf(
				"the chain of %s is broken: %s stands on %s, which is not recorded; bring back the folder of %s and run backups rebuild, or restore another backup of backups list", id, link, parent, parent))
		}
		if slices.Contains(links, parent) {
			return nil, exitWith(exitFailed, fmt.Errorf(
				"the chain of %s has no beginning: %s stands on %s and on itself; restore another backup", id, parent, link))
		}
		links = append(links, parent)
	}
	slices.Reverse(links)
	return links, nil
}
