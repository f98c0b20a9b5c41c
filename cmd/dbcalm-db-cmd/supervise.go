package main

import (
	"os"
	"os/signal"
	"syscall"

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
			// Asked a second time to stop, it still waits for its program and writes down
			// what became of it, which others that are asked twice do not.
			again := make(chan os.Signal, 1)
			signal.Notify(again, os.Interrupt, syscall.SIGTERM)
			defer signal.Stop(again)
			return job.Supervise(cmd.Context(), args[0])
		},
	}
}
