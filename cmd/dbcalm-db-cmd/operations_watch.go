package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"dbcalm-db-cmd/machine/api"
)

func operationsWatchCommand(c *conversation) *cobra.Command {
	return &cobra.Command{
		Use:   "watch [ID]",
		Short: "Watch an operation, or all that are under way, until the end",
		Long: `Watch an operation, or without an ID all that are under way or waiting, until
the end. A terminal shows each operation's states with what they took, and how
far it is; elsewhere each change is a line, and so is each tenth of what takes
longer than half a minute. The exit code says how it ended.
` + abbreviation,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: once(c.completeOperation(openOperation)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return c.watchAll(cmd.Context())
			}
			d, id, err := c.findOperation(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return c.watch(cmd.Context(), func(ctx context.Context, _ []api.OperationView) ([]api.OperationView, error) {
				view, err := d.Operation(ctx, id)
				return []api.OperationView{view}, err
			})
		},
	}
}

func (c *conversation) watchAll(ctx context.Context) error {
	d, err := c.connect()
	if err != nil {
		return err
	}
	return c.watch(ctx, func(ctx context.Context, known []api.OperationView) ([]api.OperationView, error) {
		return openOnes(ctx, d, known)
	})
}

// openOnes returns the operations that are open, after those that were known
// before, whatever has become of these.
func openOnes(ctx context.Context, d daemon, known []api.OperationView) ([]api.OperationView, error) {
	list, err := d.Operations(ctx, api.OperationFilter{Limit: longestListing})
	if err != nil {
		return nil, err
	}
	var views []api.OperationView
	seen := map[string]bool{}
	look := func(id string) error {
		view, err := d.Operation(ctx, id)
		seen[id] = true
		views = append(views, view)
		return err
	}
	for _, view := range known {
		if view.Over() {
			seen[view.ID] = true
			views = append(views, view)
		} else if err := look(view.ID); err != nil {
			return nil, err
		}
	}
	for i := len(list) - 1; i >= 0; i-- {
		if !list[i].Over() && !seen[list[i].ID] {
			if err := look(list[i].ID); err != nil {
				return nil, err
			}
		}
	}
	return views, nil
}

// watch shows operations until they are over and tells how each has ended.
func (c *conversation) watch(ctx context.Context, next question) error {
	views, err := c.followAll(ctx, c.screen.DisplayOn(c.screen.Out), next)
	if err != nil {
		return err
	}
	if len(views) == 0 {
		return c.screen.Print("Nothing is under way.\n")
	}
	var problems []error
	for _, view := range views {
		problems = append(problems, c.verdict(view))
	}
	if err := errors.Join(problems...); err != nil {
		return exitWith(exitFailed, err)
	}
	return nil
}
