package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/screen"
	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps/disk"
)

func backupsRebuildCommand(c *conversation) *cobra.Command {
	var asJSON bool
	var request api.RebuildRequest
	cmd := &cobra.Command{
		Use:   "rebuild",
		Short: "Record backups whose record is lost, and tell what else is amiss in the store",
		Long: `Compare the records of the backups with the folders in backup_dir. A backup
that is there without a record, after the loss of the database say, is recorded
again from the dbcalm.json in its folder, together with the chain it stands on.
Of a backup that no operation of this ledger has made, as after the loss of the
ledger or when its folder comes from elsewhere, it is said that it was not made
here: verify it before you rely on it.
Everything else that does not match is told, with what to do about it, and left
as it is.

With --prune the records of backups without a folder go, and so does what
operations that are over have left in backup_dir/.partial. A folder that may be
a backup is never removed, nor anything that an operation is at work on; and
nothing is while backup_dir holds none of the recorded backups, as when its disk
is not mounted.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d, err := c.connect()
			if err != nil {
				return err
			}
			// A large store takes its time; it is waited for, as a deletion is.
			report, err := d.Rebuild(cmd.Context(), request)
			if err != nil {
				return daemonError(err)
			}
			if asJSON {
				report.Findings = notNil(report.Findings)
				err = c.screen.JSON(report)
			} else {
				err = c.screen.Print(rebuildText(report))
			}
			if n := countOpen(report); err == nil && n > 0 {
				err = exitWith(exitAttention, errors.New(disk.Count(n, "finding")+" left for you to decide on"))
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&request.Prune, "prune", false, "also remove records without a folder, and left-over work")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func rebuildText(report api.RebuildReport) string {
	if len(report.Findings) == 0 {
		return "Nothing to do: " + disk.Count(report.Recorded, "backup") + " recorded, and the store matches.\n"
	}
	t := screen.Table{Header: []string{"NAME", "FOUND", "DONE", "DETAILS"}}
	done, strangers := map[string]int{}, 0
	for _, f := range report.Findings {
		what := f.Done
		if what == "" {
			what = "-"
		}
		done[f.Done]++
		if f.NotMadeHere {
			strangers++
		}
		t.Add(f.Name, f.Found, what, f.Advice)
	}
	var parts []string
	for _, what := range []struct{ done, text string }{
		{api.DoneRecorded, "recorded again"}, {api.DoneUnrecorded, "without a folder no longer recorded"},
	} {
		n := done[what.done]
		if n == 0 {
			continue
		}
		part := disk.Count(n, "backup") + " " + what.text
		if what.done == api.DoneRecorded && strangers > 0 {
			part += fmt.Sprintf(" (not made here: %d)", strangers)
		}
		parts = append(parts, part)
	}
	if n := done[api.DoneRemoved]; n > 0 {
		parts = append(parts, disk.Count(n, "leftover")+" removed")
	}
	parts = append(parts, disk.Count(report.Recorded, "backup")+" recorded now")
	return t.String() + "\n" + strings.Join(parts, ", ") + "\n"
}

// countOpen counts the findings that are left to a person.
func countOpen(report api.RebuildReport) int {
	n := 0
	for _, f := range report.Findings {
		if f.Done == "" {
			n++
		}
	}
	return n
}
