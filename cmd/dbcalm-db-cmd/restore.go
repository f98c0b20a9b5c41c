package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps/archive"
)

func restoreCommand(c *conversation) *cobra.Command {
	var target, request, to string
	var wait bool
	var plan planOptions
	targets := []string{string(api.TargetDatabase), string(api.TargetFolder)}
	cmd := &cobra.Command{
		Use:   "restore [ID] --target database|folder [--to MOMENT]",
		Short: "Restore a backup, with the chain it stands on",
		Long: `Restore the backup ID: the full backup its chain begins with and every
incremental up to ID. The backups themselves stay as they are.

  --target database  into the server's data directory: the server must be
                     stopped and the directory empty
  --target folder    into a folder below backup_dir/restores that a server can
                     be started on; the running server is not touched

  --to MOMENT        bring the data to a moment after the backup, from the archive of
                     the binary log: "2026-03-01 14:29:59 UTC", any time with its
                     zone, a GTID, a position such as mysql-bin.000007:4711, or
                     latest. Without ID, the newest backup before it is taken.
                     With --plan, the last transaction that is kept and the first
                     that is left out are shown.

The operation's id is printed on stdout; with --wait the command ends when the
operation does.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("target") && target != targets[0] && target != targets[1] {
				return fmt.Errorf("unknown target %q: use database or folder", target)
			}
			if len(args) == 0 && to != "" {
				return nil
			}
			return oneID("name the backup to restore: one ID of backups list")(cmd, args)
		},
		ValidArgsFunction: once(c.completeBackup(false)),
		RunE: func(cmd *cobra.Command, args []string) error {
			wanted := restoreWish{target: api.Target(target), request: request}
			if len(args) > 0 {
				wanted.id = args[0]
			}
			if to != "" {
				moment, err := archive.ParseMoment(to, time.Local)
				if err != nil {
					return exitWith(exitUsage, err)
				}
				wanted.moment = &moment
				c.tellLocal(to, moment)
			}
			if plan.wanted {
				return c.planRestore(cmd.Context(), wanted, plan)
			}
			return c.start(cmd.Context(), wait, func(ctx context.Context, d daemon) (string, error) {
				r, err := wanted.resolve(ctx, d)
				if err != nil {
					return "", err
				}
				return d.RestoreBackup(ctx, r)
			})
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "bring the data to `MOMENT`, from the archive of the binary log")
	cmd.Flags().StringVar(&target, "target", "", "`WHERE` to restore to: database or folder (required)")
	requireFlag(cmd, "target")
	completeFlag(cmd, "target", targets)
	return c.speaksToDaemon(plans(waits(repeatable(cmd, &request), &wait), &plan))
}

// restoreWish is what a restore was asked for.
type restoreWish struct {
	// id is empty for the newest backup before the moment.
	id      string
	target  api.Target
	moment  *archive.Moment
	request string
}

// resolve finds the backup and its chain.
func (w restoreWish) resolve(ctx context.Context, d daemon) (api.RestoreRequest, error) {
	r := api.RestoreRequest{Target: w.target, RequestID: w.request}
	if w.moment != nil {
		r.To = w.moment.String()
	}
	backups, err := d.Backups(ctx)
	if err != nil {
		return r, err
	}
	if w.id != "" {
		r.IDList, err = chain(backups, w.id)
		return r, err
	}
	return w.newest(ctx, d, backups, r)
}

// newest tries the backups, the newest first, until one can be brought to the
// moment.
func (w restoreWish) newest(ctx context.Context, d daemon, backups []api.BackupView, r api.RestoreRequest) (api.RestoreRequest, error) {
	var why error
	for _, b := range slices.Backward(backups) {
		// A moment is a whole second, with all that was committed in it.
		late := !w.moment.Time.IsZero() && b.StartTime.Truncate(time.Second).After(w.moment.Time)
		if late || b.Operation == "" && b.StartTime.IsZero() {
			continue
		}
		var err error
		if r.IDList, err = chain(backups, b.ID); err != nil {
			why = err
			continue
		}
		plan, err := d.PlanRestore(ctx, r)
		if err != nil {
			return r, err
		}
		if plan.Replay != nil {
			return r, nil
		}
		for _, check := range plan.Checks {
			if why == nil && !check.OK && !check.Note {
				why = fmt.Errorf("backup '%s': %s", b.ID, check.Detail)
			}
		}
	}
	if why == nil {
		why = errors.New("there is none from before it")
	}
	return r, exitWith(exitFailed, fmt.Errorf("no backup can be brought to %s: %w", w.moment, why))
}

// tellLocal says which moment a time without a zone was taken for.
func (c *conversation) tellLocal(given string, m archive.Moment) {
	if _, err := archive.ParseMoment(given, nil); err != nil {
		c.screen.Note("%s is taken as local time: %s", given, m)
	}
}
