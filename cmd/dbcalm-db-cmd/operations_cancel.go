package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

func operationsCancelCommand(c *conversation) *cobra.Command {
	return &cobra.Command{
		Use:   "cancel ID",
		Short: "Cancel an operation",
		Long: `Cancel an operation that waits or runs. It cleans up behind itself before it
ends; a backup or restore that is being recorded cannot be cancelled any more.
` + abbreviation,
		Args:              oneID(operationAdvice),
		ValidArgsFunction: once(c.completeOperation(openOperation)),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, id, err := c.findOperation(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			_, err = ask(cmd.Context(), func(ctx context.Context) (struct{}, error) { return struct{}{}, d.Cancel(ctx, id) })
			if err != nil {
				return err
			}
			c.screen.Note("See how it ends: %s", c.commandLine("operations", "show", id))
			return c.screen.Print(fmt.Sprintf("Operation %s is being cancelled.\n", id))
		},
	}
}
