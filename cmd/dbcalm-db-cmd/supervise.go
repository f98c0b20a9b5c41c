package main

import (
	"github.com/spf13/cobra"

	"dbcalm-db-cmd/steps/job"
)

// superviseCommand is what the daemon starts for each program it runs. It is
// not for people.
func superviseCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "supervise FOLDER",
		Short:  "Run the job of a folder (started by the daemon)",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return job.Supervise(cmd.Context(), args[0])
		},
	}
}
