package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"dbcalm-db-cmd/machine/api"
)

func backupsCommand(c *conversation) *cobra.Command {
	return c.speaksToDaemon(group("backups", "List, show, verify, prune and delete backups",
		backupsListCommand(c), backupsShowCommand(c), backupsVerifyCommand(c),
		backupsRebuildCommand(c), backupsPruneCommand(c), backupsDeleteCommand(c)))
}

func backupsDeleteCommand(c *conversation) *cobra.Command {
	var wait bool
	var request string
	cmd := &cobra.Command{
		Use:   "delete ID",
		Short: "Delete a backup that no other stands on",
		Long: `Delete the backup ID: its files and its record. The daemon refuses while other
backups stand on it: delete those first, the last of the chain first of all.`,
		Args:              oneID("name the backup to delete: one ID of backups list"),
		ValidArgsFunction: once(c.completeBackup(true)),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := c.connect()
			if err != nil {
				return err
			}
			if err := daemonError(d.DeleteBackup(cmd.Context(), api.DeleteRequest{ID: args[0], RequestID: request})); err != nil {
				return err
			}
			return c.screen.Print(fmt.Sprintf("Backup %s is deleted.\n", args[0]))
		},
	}
	cmd.Flags().BoolVar(&wait, "wait", false, "wait until it is gone; a deletion is always waited for")
	return repeatable(cmd, &request)
}
