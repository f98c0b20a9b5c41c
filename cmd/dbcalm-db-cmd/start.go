package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
)

// waits gives a command that starts an operation its --wait.
func waits(cmd *cobra.Command, wait *bool) *cobra.Command {
	cmd.Flags().BoolVar(wait, "wait", false, "wait for the operation's end, telling its states on stderr")
	return cmd
}

// repeatable gives a command that starts an operation its --request-id.
func repeatable(cmd *cobra.Command, id *string) *cobra.Command {
	cmd.Flags().StringVar(id, "request-id", "", "name this request `TEXT`; sent again, it starts nothing and is answered as before")
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error {
		if cmd.Flags().Changed("request-id") && *id == "" {
			return errors.New("--request-id is empty: give it 1 to 128 visible characters, or leave it out")
		}
		return nil
	}
	return cmd
}

// start begins an operation. Its id is the first line on stdout, alone, for
// scripts.
func (c *conversation) start(ctx context.Context, wait bool, begin func(context.Context, daemon) (string, error)) error {
	d, err := c.connect()
	if err != nil {
		return err
	}
	id, err := ask(ctx, func(ctx context.Context) (string, error) { return begin(ctx, d) })
	if err != nil {
		return err
	}
	if err := c.screen.Print(id + "\n"); err != nil {
		return err
	}
	if wait {
		return c.await(ctx, d, id)
	}
	c.screen.Note("Accepted. See how it goes: %s", c.commandLine("operations", "show", id))
	return nil
}
