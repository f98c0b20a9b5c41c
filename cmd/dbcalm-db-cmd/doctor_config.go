package main

import (
	"context"
	"errors"
	"fmt"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/config"
	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/archive"
)

// configChecks has a line for everything wrong with the configuration.
func configChecks(loaded *config.Loaded) []api.Check {
	const about = "configuration"
	var checks []api.Check
	for _, p := range loaded.Problems {
		checks = append(checks, steps.NewCheck(about, errors.New(p.String()), ""))
	}
	for _, w := range loaded.Warnings {
		checks = append(checks, steps.Noted(about, w.String()))
	}
	if len(loaded.Problems) == 0 {
		checks = append(checks, steps.NewCheck(about, nil, loaded.Config.Path+" has no problem"))
	}
	return checks
}

func retentionCheck(c *config.Config, wrong map[string]bool) api.Check {
	const about = "retention"
	switch {
	case wrong["retention"]:
		return steps.NotChecked(about, "the configuration gives none that could be used")
	case c.Retention == (api.Retention{}):
		return steps.Noted(about, "none is set, so every backup stays until somebody deletes it: set "+about+", such as "+
			config.RetentionExample+", and have "+program+" backups prune run every day")
	}
	return steps.NewCheck(about, nil, config.Retention(c.Retention).String()+" is what "+program+" backups prune keeps")
}

// archiveCheck asks the server whether its binary log can be archived.
func archiveCheck(ctx context.Context, h *steps.Host, c *config.Config, wrong map[string]bool) []api.Check {
	const about = "archive"
	switch {
	case !c.Archive:
		return nil
	case wrong["backup_credentials_file"] || wrong["db_type"]:
		return []api.Check{steps.NotChecked(about, "the configuration has to be right first")}
	}
	log, err := h.Server.BinaryLog(ctx)
	if err != nil {
		return []api.Check{steps.NotChecked(about, "the server does not answer the backup user")}
	}
	if why := log.Unfit(); why != "" {
		return []api.Check{steps.NewCheck(about, errors.New(why), "")}
	}
	report, err := h.Archive.Report()
	return archiveVerdict(log.Folder, log.ShortLived(), report, err)
}

// archiveVerdict judges the archive of the log in a folder by what it holds and what
// its collector has said. Note is what else there is to say of the log.
func archiveVerdict(folder, note string, report archive.Report, err error) []api.Check {
	const about = "archive"
	failing := ""
	if report.Collector != nil {
		failing = report.Collector.Failing()
	}
	var checks []api.Check
	switch {
	case err != nil:
		checks = append(checks, steps.NewCheck(about, err, ""))
	case len(report.Problems) > 0:
		checks = append(checks, steps.NewCheck(about, errors.New(report.Problems[0]+": take a full backup now"), ""))
	case failing == "":
		checks = append(checks, steps.NewCheck(about, nil,
			fmt.Sprintf("the binary log in %s is archived, in %d segments", folder, report.Segments)))
	}
	if failing != "" {
		checks = append(checks, steps.NewCheck(about, errors.New(failing), ""))
	}
	if note != "" {
		checks = append(checks, steps.Noted(about, note))
	}
	return checks
}
