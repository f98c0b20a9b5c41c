package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"dbcalm-db-cmd/machine/api"
)

func restoreCommand(c *conversation) *cobra.Command {
	var target, request string
	var wait bool
	var plan planOptions
	targets := []string{string(api.TargetDatabase), string(api.TargetFolder)}
	cmd := &cobra.Command{
		Use:   "restore ID --target database|folder",
		Short: "Restore a backup, with the chain it stands on",
		Long: `Restore the backup ID: the full backup its chain begins with and every
incremental up to ID. The backups themselves stay as they are.

  --target database  into the server's data directory: the server must be
                     stopped and the directory empty
  --target folder    into a folder below backup_dir/restores that a server can
                     be started on; the running server is not touched

The operation's id is printed on stdout; with --wait the command ends when the
operation does.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("target") && target != targets[0] && target != targets[1] {
				return fmt.Errorf("unknown target %q: use database or folder", target)
			}
			return oneID("name the backup to restore: one ID of backups list")(cmd, args)
		},
		ValidArgsFunction: once(c.completeBackup(false)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if plan.wanted {
				return c.planRestore(cmd.Context(), args[0], api.Target(target), plan)
			}
			return c.start(cmd.Context(), wait, func(ctx context.Context, d daemon) (string, error) {
				chain, err := findChain(ctx, d, args[0])
				if err != nil {
					return "", err
				}
				return d.RestoreBackup(ctx, api.RestoreRequest{IDList: chain, Target: api.Target(target), RequestID: request})
			})
		},
	}
	cmd.Flags().StringVar(&target, "target", "", "`WHERE` to restore to: database or folder (required)")
	requireFlag(cmd, "target")
	completeFlag(cmd, "target", targets)
	return c.speaksToDaemon(plans(waits(repeatable(cmd, &request), &wait), &plan))
}

func findChain(ctx context.Context, d daemon, id string) ([]string, error) {
	backups, err := d.Backups(ctx)
	if err != nil {
		return nil, err
	}
	return chain(backups, id)
}
