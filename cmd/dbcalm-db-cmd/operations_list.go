package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/human"
	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/screen"
	"dbcalm-db-cmd/machine/api"
)

func operationsListCommand(c *conversation) *cobra.Command {
	var filter api.OperationFilter
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List operations, newest first",
		Long: `List operations, newest first. WHEN is when the operation was accepted, in UTC;
TOOK is how long it has run, or, before its turn, has waited.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if filter.Limit < 1 || filter.Limit > longestListing {
				return fmt.Errorf("--limit %d: use 1 to %d", filter.Limit, longestListing)
			}
			return cobra.NoArgs(cmd, args)
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			d, err := c.connect()
			if err != nil {
				return err
			}
			operations, err := ask(cmd.Context(), func(ctx context.Context) ([]api.OperationSummary, error) {
				return d.Operations(ctx, filter)
			})
			switch {
			case err != nil:
				return err
			case asJSON:
				return c.screen.JSON(notNil(operations))
			case len(operations) == 0 && filter.State != "":
				return c.screen.Print("No operations are " + filter.State + ".\n")
			case len(operations) == 0:
				return c.screen.Print("No operations yet.\n")
			}
			return c.screen.Print(operationsText(c.screen, operations))
		},
	}
	cmd.Flags().IntVar(&filter.Limit, "limit", 50, "list at most `N`")
	cmd.Flags().StringVar(&filter.State, "state", "",
		"only those in `STATE`: waiting, running, succeeded, failed, cancelled, or a machine's state")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	completeFlag(cmd, "state", []string{
		api.StatusWaiting, api.StatusRunning, api.StatusSucceeded, api.StatusFailed, api.StatusCancelled,
	})
	return cmd
}

func operationsText(s *screen.Screen, operations []api.OperationSummary) string {
	t := screen.Table{Header: []string{"ID", "MACHINE", "BACKUP", "STATE", "WHEN", "TOOK", "RESULT"}, Right: []int{5},
		Paint: map[int]func(string) string{6: s.Status}}
	for _, o := range operations {
		t.Add(o.ID, o.Machine, o.Backup, stateText(o), human.Stamp(o.CreatedAt), human.Span(s.Took(o)), result(o))
	}
	return t.String()
}

// stateText is an operation's state, with how far that is where it is known.
func stateText(o api.OperationSummary) string {
	if o.Progress == nil || o.Progress.TotalBytes == 0 {
		return o.State
	}
	return fmt.Sprintf("%s %d %%", o.State, screen.Percent(o.Progress))
}

// longestReason keeps a listing's lines readable; operations show has it all.
const longestReason = 70

// result is an operation's status with the beginning of its error.
func result(o api.OperationSummary) string {
	reason, _, _ := strings.Cut(strings.TrimSpace(o.Error), "\n")
	if reason == "" {
		return o.Status
	}
	if runes := []rune(reason); len(runes) > longestReason {
		reason = strings.TrimRight(string(runes[:longestReason]), " ") + "…"
	}
	return o.Status + ": " + reason
}
