package main

import (
	"context"

	"github.com/spf13/cobra"

	"dbcalm-db-cmd/machine/api"
)

const newBackupAdvice = "name the new backup: one ID of letters, digits, '.', '_', '-' and ':'"

func backupCommand(c *conversation) *cobra.Command {
	return c.speaksToDaemon(group("backup", "Take a backup", backupFullCommand(c), backupIncrementalCommand(c)))
}

func backupFullCommand(c *conversation) *cobra.Command {
	var options backupOptions
	cmd := &cobra.Command{
		Use:   "full ID",
		Short: "Take a full backup",
		Long: `Take a full backup under the name ID. The operation's id is printed on stdout;
with --wait the command ends when the operation does.`,
		Args: oneID(newBackupAdvice),
		RunE: func(cmd *cobra.Command, args []string) error {
			request := options.command(cmd, args[0])
			if options.plan.wanted {
				return c.planBackup(cmd.Context(), request, options.plan)
			}
			return c.start(cmd.Context(), options.wait, func(ctx context.Context, d daemon) (string, error) {
				return d.FullBackup(ctx, request)
			})
		},
	}
	return options.flags(cmd)
}

func backupIncrementalCommand(c *conversation) *cobra.Command {
	var options backupOptions
	cmd := &cobra.Command{
		Use:   "incremental ID --from ID",
		Short: "Take an incremental backup on top of another backup",
		Long: `Take an incremental backup under the name ID: what has changed since the backup
named with --from, be that a full or an incremental one. The operation's id is
printed on stdout; with --wait the command ends when the operation does.`,
		Args: oneID(newBackupAdvice),
		RunE: func(cmd *cobra.Command, args []string) error {
			request := options.command(cmd, args[0])
			if options.plan.wanted {
				return c.planBackup(cmd.Context(), request, options.plan)
			}
			return c.start(cmd.Context(), options.wait, func(ctx context.Context, d daemon) (string, error) {
				return d.IncrementalBackup(ctx, request)
			})
		},
	}
	cmd.Flags().StringVar(&options.from, "from", "", "the backup `ID` to stand on (required)")
	requireFlag(cmd, "from")
	completeFlagBy(cmd, "from", c.completeBackup(false))
	return options.flags(cmd)
}

// backupOptions are the flags of both kinds.
type backupOptions struct {
	from     string
	schedule int64
	request  string
	wait     bool
	plan     planOptions
}

func (o *backupOptions) flags(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().Int64Var(&o.schedule, "schedule-id", 0, "record that schedule `N` of the API server asked for it")
	return plans(waits(repeatable(cmd, &o.request), &o.wait), &o.plan)
}

func (o *backupOptions) command(cmd *cobra.Command, id string) api.BackupRequest {
	request := api.BackupRequest{ID: id, FromBackupID: o.from, RequestID: o.request}
	if cmd.Flags().Changed("schedule-id") {
		request.ScheduleID = &o.schedule
	}
	return request
}

func requireFlag(cmd *cobra.Command, name string) {
	// It fails only for a flag that does not exist.
	_ = cmd.MarkFlagRequired(name)
}
