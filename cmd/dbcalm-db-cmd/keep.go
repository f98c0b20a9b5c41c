package main

import (
	"github.com/spf13/cobra"

	"dbcalm-db-cmd/steps/job"
)

// keepCommand is what the daemon starts for the on_finish command. It is not
// for people.
func keepCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:    job.OnFinishKeeper,
		Short:  "Run the on_finish command (started by the daemon)",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			code, err := job.KeepOnFinish(cmd.Context(), a.stdin, a.screen.Out, a.screen.Err)
			if err == nil && code != 0 {
				err = exitWith(code, errSaid)
			}
			return err
		},
	}
}
