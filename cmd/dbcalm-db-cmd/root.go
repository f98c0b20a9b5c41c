package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/config"
)

// The headings under which the root help lists the subcommands.
const (
	groupDaemon  = "daemon"
	groupBackups = "backups"
)

func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   program,
		Short: "Take and restore MariaDB and MySQL backups for DBCalm",
		Long: `dbcalm-db-cmd takes and restores MariaDB and MySQL backups for DBCalm.

Without a subcommand it runs the daemon, which accepts commands on a Unix
socket; the subcommands about backups and operations speak to that daemon.
Those that print a table print it as JSON with --json. On a terminal statuses
have colours, unless $NO_COLOR is set. The manual is part of the program:
dbcalm-db-cmd manual lists its pages.

` + exitTable(),
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          knownCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return runServe(cmd.Context(), a) },

		SuggestionsMinimumDistance: 2,
	}
	root.PersistentFlags().StringVar(&a.source.flag, "config", "",
		"configuration `FILE` (default "+config.DefaultPath+", or $"+config.Variable+")")
	// Words are files only where a flag wants one.
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp)
	completeFlagBy(root, "config", files)
	root.AddGroup(
		&cobra.Group{ID: groupDaemon, Title: "Daemon:"},
		&cobra.Group{ID: groupBackups, Title: "Backups:"},
	)
	add(root, groupDaemon,
		serveCommand(a), configCommand(a.screen, a.source), doctorCommand(a),
		machineCommand(a.screen), manualCommand(a), versionCommand(a.screen))
	add(root, groupBackups,
		backupCommand(a.conversation), restoreCommand(a.conversation),
		backupsCommand(a.conversation), operationsCommand(a.conversation), archiveCommand(a.screen, a.source))
	root.AddCommand(superviseCommand(), keepCommand(a), examineCommand(a.screen), replayCommand(a.screen), manCommand(a))
	a.markEntry(root)
	return root
}

func add(root *cobra.Command, group string, commands ...*cobra.Command) {
	for _, cmd := range commands {
		cmd.GroupID = group
		root.AddCommand(cmd)
	}
}

// knownCommand refuses any word that is no subcommand.
func knownCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := fmt.Errorf("unknown command %q", args[0])
	if near := root.SuggestionsFor(args[0]); len(near) > 0 {
		err = fmt.Errorf("%w: did you mean %s?", err, strings.Join(near, " or "))
	}
	return err
}

// group is a command that only holds others: on its own, or with a word it
// does not know, it is an error of usage, where cobra would print help and
// call that success.
func group(use, short string, commands ...*cobra.Command) *cobra.Command {
	names := make([]string, len(commands))
	for i, cmd := range commands {
		names[i] = cmd.Name()
	}
	last := len(names) - 1
	known := names[last]
	if last > 0 {
		known = strings.Join(names[:last], ", ") + " or " + known
	}
	parent := &cobra.Command{
		Use:   use,
		Short: short,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fmt.Errorf("say what to do with %s: %s", use, known)
			}
			return fmt.Errorf("unknown command %q for %q: use %s", args[0], cmd.CommandPath(), known)
		},
		RunE: func(*cobra.Command, []string) error { return nil },
	}
	parent.AddCommand(commands...)
	return parent
}

// markEntry notes, for every command below cmd, that its own code has begun.
func (a *app) markEntry(cmd *cobra.Command) {
	if body := cmd.RunE; body != nil {
		cmd.RunE = func(c *cobra.Command, args []string) error {
			a.entered = true
			return body(c, args)
		}
	}
	for _, child := range cmd.Commands() {
		a.markEntry(child)
	}
}
