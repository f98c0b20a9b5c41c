package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/human"
	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/screen"
	"dbcalm-db-cmd/machine/api"
)

// completionTimeout is how long somebody who has pressed a key waits for the
// daemon. Who gets no answer is offered nothing, and told nothing.
const completionTimeout = time.Second

// completeOperation offers the operations a command can be about, newest first.
// It completes one argument.
func (c *conversation) completeOperation(fits func(api.OperationSummary) bool) cobra.CompletionFunc {
	return c.completeID(func(ctx context.Context, d daemon) ([]cobra.Completion, error) {
		operations, err := d.Operations(ctx, api.OperationFilter{Limit: longestListing})
		var offers []cobra.Completion
		for _, o := range operations {
			if fits(o) {
				offers = append(offers, offer(o.ID, screen.Subject(o), o.Status, human.Stamp(o.CreatedAt)))
			}
		}
		return offers, err
	})
}

// What operations commands can be about.
func anyOperation(api.OperationSummary) bool      { return true }
func openOperation(o api.OperationSummary) bool   { return !o.Over() }
func failedOperation(o api.OperationSummary) bool { return o.Status == api.StatusFailed }

// completeBackup offers the recorded backups, in the order of backups list; if
// only the last of each chain will do, those on which no other stands.
func (c *conversation) completeBackup(last bool) cobra.CompletionFunc {
	return c.completeID(func(ctx context.Context, d daemon) ([]cobra.Completion, error) {
		backups, err := d.Backups(ctx)
		known := screen.NewChains(backups)
		var offers []cobra.Completion
		for _, row := range known.Forest() {
			if b := row.Backup; !b.Unrecorded && !(last && len(known.Above(b.ID)) > 0) {
				offers = append(offers, offer(b.ID, kind(b), size(b.Size), human.Stamp(b.StartTime)))
			}
		}
		return offers, err
	})
}

// completeID offers what the daemon knows for a command's only argument, or a
// flag's.
func (c *conversation) completeID(ask func(context.Context, daemon) ([]cobra.Completion, error)) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
		const asTheyAre = cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
		d, err := c.connect()
		if err != nil {
			return nil, asTheyAre
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), completionTimeout)
		defer cancel()
		offers, err := ask(ctx, d)
		if err != nil {
			return nil, asTheyAre
		}
		var fitting []cobra.Completion
		for _, o := range offers {
			if strings.HasPrefix(o, begun) {
				fitting = append(fitting, o)
			}
		}
		return fitting, asTheyAre
	}
}

// once completes a command's first argument and no other.
func once(complete cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return complete(cmd, args, begun)
	}
}

func offer(id string, about ...string) cobra.Completion {
	return cobra.CompletionWithDesc(id, human.OneLine(strings.Join(about, ", ")))
}

func completeFlag(cmd *cobra.Command, name string, words []string) {
	completeFlagBy(cmd, name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
}

func completeFlagBy(cmd *cobra.Command, name string, complete cobra.CompletionFunc) {
	// It fails only for a flag that does not exist, or twice.
	_ = cmd.RegisterFlagCompletionFunc(name, complete)
}

// files leaves a word to the shell, which offers files.
func files(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveDefault
}

// plainUsages takes the marks of the help out of what flags are said to do: a
// shell would show them.
func plainUsages(cmd *cobra.Command) {
	plain := func(f *pflag.Flag) { _, f.Usage = pflag.UnquoteUsage(f) }
	cmd.Flags().VisitAll(plain)
	cmd.PersistentFlags().VisitAll(plain)
	for _, child := range cmd.Commands() {
		plainUsages(child)
	}
}
