package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/human"
	"dbcalm-db-cmd/machine"
)

func (a *app) operationsListCommand() *cobra.Command {
	var filter machine.OperationFilter
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
			d, err := a.connect()
			if err != nil {
				return err
			}
			operations, err := ask(cmd.Context(), func(ctx context.Context) ([]machine.OperationSummary, error) {
				return d.Operations(ctx, filter)
			})
			switch {
			case err != nil:
				return err
			case asJSON:
				return a.printJSON(notNil(operations))
			case len(operations) == 0 && filter.State != "":
				return a.print("No operations are " + filter.State + ".\n")
			case len(operations) == 0:
				return a.print("No operations yet.\n")
			}
			return a.print(a.operationsText(operations))
		},
	}
	cmd.Flags().IntVar(&filter.Limit, "limit", 50, "list at most `N`")
	cmd.Flags().StringVar(&filter.State, "state", "",
		"only those in `STATE`: waiting, running, succeeded, failed, cancelled, or a machine's state")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	completeFlag(cmd, "state", []string{"waiting", "running", statusSucceeded, statusFailed, statusCancelled})
	return cmd
}

func (a *app) operationsText(operations []machine.OperationSummary) string {
	t := table{header: []string{"ID", "MACHINE", "BACKUP", "STATE", "WHEN", "TOOK", "RESULT"}, right: []int{5},
		paint: map[int]func(string) string{6: a.status}}
	for _, o := range operations {
		t.add(o.ID, o.Machine, o.Backup, stateText(o), human.Stamp(o.CreatedAt), human.Span(a.took(o)), result(o))
	}
	return t.String()
}

// stateText is an operation's state, with how far that is where it is known.
func stateText(o machine.OperationSummary) string {
	if o.Progress == nil || o.Progress.TotalBytes == 0 {
		return o.State
	}
	return fmt.Sprintf("%s %d %%", o.State, percent(o.Progress))
}

// longestReason keeps a listing's lines readable; operations show has it all.
const longestReason = 70

// result is an operation's status with the beginning of its error.
func result(o machine.OperationSummary) string {
	reason, _, _ := strings.Cut(strings.TrimSpace(o.Error), "\n")
	if reason == "" {
		return o.Status
	}
	if runes := []rune(reason); len(runes) > longestReason {
		reason = strings.TrimRight(string(runes[:longestReason]), " ") + "…"
	}
	return o.Status + ": " + reason
}
