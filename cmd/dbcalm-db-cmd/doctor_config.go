package main

import (
	"errors"

	"dbcalm-db-cmd/machine"
	"dbcalm-db-cmd/steps"
)

// configChecks has a line for everything wrong with the configuration.
func configChecks(loaded *loadedConfig) []machine.Check {
	const about = "configuration"
	var checks []machine.Check
	for _, p := range loaded.problems {
		checks = append(checks, steps.NewCheck(about, errors.New(p.String()), ""))
	}
	for _, w := range loaded.warnings {
		checks = append(checks, steps.Noted(about, w.String()))
	}
	if len(loaded.problems) == 0 {
		checks = append(checks, steps.NewCheck(about, nil, loaded.config.Path+" has no problem"))
	}
	return checks
}

func retentionCheck(c *Config, wrong map[string]bool) machine.Check {
	const about = "retention"
	switch {
	case wrong["retention"]:
		return steps.NotChecked(about, "the configuration gives none that could be used")
	case c.Retention == (machine.Retention{}):
		return steps.Noted(about, "none is set, so every backup stays until somebody deletes it: set "+about+", such as "+retentionExample+", and have "+program+" backups prune run every day")
	}
	return steps.NewCheck(about, nil, retention(c.Retention).String()+" is what "+program+" backups prune keeps")
}
