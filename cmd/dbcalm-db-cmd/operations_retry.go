package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/human"
	"dbcalm-db-cmd/machine/api"
)

func operationsRetryCommand(c *conversation) *cobra.Command {
	var wait bool
	cmd := &cobra.Command{
		Use:   "retry ID",
		Short: "Let an operation that failed or halted go on",
		Long: `Let an operation that failed or halted go on: a failed one from the start, a
halted one with its clean-up. The daemon says from which state, and why.
` + abbreviation,
		Args:              oneID(operationAdvice),
		ValidArgsFunction: once(c.completeOperation(failedOperation)),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, id, err := c.findOperation(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			decision, err := ask(cmd.Context(), func(ctx context.Context) (api.RetryDecision, error) {
				return d.Retry(ctx, id)
			})
			if err != nil {
				return err
			}
			if err := c.screen.Print(retryText(id, decision)); err != nil || !wait {
				return err
			}
			return c.await(cmd.Context(), d, id)
		},
	}
	return waits(cmd, &wait)
}

func retryText(id string, decision api.RetryDecision) string {
	text := fmt.Sprintf("Operation %s goes on with %s, attempt %d", id, decision.State, decision.Attempt)
	if decision.Reason != "" {
		text += ": " + human.OneLine(decision.Reason)
	}
	return text + "\n"
}
