package main

import (
	"context"

	"github.com/spf13/cobra"
)

// waits gives a command that starts an operation its --wait.
func waits(cmd *cobra.Command, wait *bool) *cobra.Command {
	cmd.Flags().BoolVar(wait, "wait", false, "wait for the operation's end, telling its states on stderr")
	return cmd
}

// start begins an operation. Its id is the first line on stdout, alone, for
// scripts.
func (a *app) start(ctx context.Context, wait bool, begin func(context.Context, daemon) (string, error)) error {
	d, err := a.connect()
	if err != nil {
		return err
	}
	id, err := ask(ctx, func(ctx context.Context) (string, error) { return begin(ctx, d) })
	if err != nil {
		return err
	}
	if err := a.print(id + "\n"); err != nil {
		return err
	}
	if wait {
		return a.await(ctx, d, id)
	}
	a.note("Accepted. See how it goes: %s", a.commandLine("operations", "show", id))
	return nil
}
