package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/config"
	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/human"
	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/screen"
	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps/disk"
)

func backupsPruneCommand(c *conversation) *cobra.Command {
	var asJSON bool
	var request api.PruneRequest
	cmd := &cobra.Command{
		Use:   "prune",
		Short: "Delete the chains that the retention does not keep",
		Long: `Delete the chains that are not kept by the key retention of the daemon's
configuration, and tell of every chain why it goes or stays. A chain is a full
backup with everything that stands on it, and goes as a whole, its last backup
first; it stays while an operation uses one of its backups. The newest good chain
always stays: one that has all its files, and that no verification has found
damaged.

With --dry-run nothing is deleted. If a deletion fails, the rest of that chain
stays, the others go all the same, and running this again goes on.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d, err := c.connect()
			if err != nil {
				return err
			}
			// Deletions take their time, and are waited for.
			report, err := d.Prune(cmd.Context(), request)
			if err != nil {
				return daemonError(err)
			}
			if asJSON {
				report.Chains = notNil(report.Chains)
				err = c.screen.JSON(report)
			} else {
				err = c.screen.Print(pruneText(report))
			}
			if n := countFailures(report); err == nil && n > 0 {
				err = exitWith(exitFailed, errors.New(disk.Count(n, "chain")+" not pruned as a whole"))
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&request.DryRun, "dry-run", false, "only tell what would go and what would stay")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func pruneText(report api.PruneReport) string {
	if report.Retention.IsZero() {
		return "No retention is configured, so all backups are kept. To let old ones go, set the key\nretention, such as: " +
			"retention: " + config.RetentionExample + "\n"
	}
	if len(report.Chains) == 0 {
		return "No backups yet.\n"
	}
	t := screen.Table{Header: []string{"CHAIN", "BACKUPS", "SIZE", "NEWEST", "VERDICT", "WHY"}, Right: []int{1, 2}}
	var backups int
	var bytes int64
	for _, c := range report.Chains {
		verdict, why := "stays", c.Why
		switch {
		case c.Problem != "":
			verdict, why = fmt.Sprintf("%d deleted", c.Deleted), c.Problem
		case c.Goes && report.DryRun:
			verdict = "goes"
		case c.Goes:
			verdict = "deleted"
		}
		if c.Goes && report.DryRun {
			backups += c.Count
		}
		backups += c.Deleted
		if c.Goes && c.Problem == "" {
			bytes += c.Size
		}
		t.Add(c.Chain, fmt.Sprint(c.Count), human.Bytes(c.Size), human.Stamp(c.Newest), verdict, why)
	}
	parts := []string{"retention " + config.Retention(report.Retention).String(), disk.Count(backups, "backup") + " deleted"}
	if report.DryRun {
		parts[1] = disk.Count(backups, "backup") + " to be deleted"
	}
	if countFailures(report) == 0 {
		parts = append(parts, human.Bytes(bytes))
	}
	return t.String() + "\n" + strings.Join(parts, ", ") + "\n"
}

// countFailures counts the chains that should have gone and did not wholly go.
func countFailures(report api.PruneReport) int {
	n := 0
	for _, c := range report.Chains {
		if c.Problem != "" {
			n++
		}
	}
	return n
}
