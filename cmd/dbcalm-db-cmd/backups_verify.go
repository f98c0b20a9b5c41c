package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/screen"
	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps/disk"
)

// verifyOptions are the flags of backups verify.
type verifyOptions struct {
	level   string
	all     bool
	wait    bool
	request string
}

func backupsVerifyCommand(c *conversation) *cobra.Command {
	var o verifyOptions
	cmd := &cobra.Command{
		Use:   "verify ID | --all",
		Short: "Prove that a backup can be restored",
		Long: `Prove that the backup ID, with the chain it stands on, can be restored. Each
level proves what those before it prove:

  --level files     every file is there and has its size
  --level checksum  every file holds what was backed up (the default)
  --level prepare   the tool can prepare a copy of the chain
  --level boot      a private server runs on that copy, and CHECK TABLE finds
                    every table sound

The copy is made in backup_dir and removed. What was found is shown by backups
list. With --all, each backup that no other stands on is verified with its
chain, one after the other; the command fails if any of them does.

The operation's id is printed on stdout, its states are told on stderr, and the
command ends when the operation does; with --wait=false it ends at once.`,
		Args:              o.check,
		ValidArgsFunction: once(c.completeBackup(false)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.all {
				return c.verifyAll(cmd.Context(), o)
			}
			return c.verify(cmd.Context(), o, args[0])
		},
	}
	cmd.Flags().StringVar(&o.level, "level", string(api.DefaultLevel), "`LEVEL` to verify at: "+levelWords(" or "))
	cmd.Flags().BoolVar(&o.all, "all", false, "verify every backup that no other stands on, each with its chain")
	cmd.Flags().BoolVar(&o.wait, "wait", true, "wait for the operation's end, telling its states on stderr")
	completeFlag(cmd, "level", strings.Split(levelWords(" "), " "))
	return repeatable(cmd, &o.request)
}

func levelWords(separator string) string {
	var words []string
	for _, level := range api.Levels() {
		words = append(words, string(level))
	}
	return strings.Join(words, separator)
}

func (o *verifyOptions) check(_ *cobra.Command, args []string) error {
	switch {
	case !slices.Contains(api.Levels(), api.Level(o.level)):
		return fmt.Errorf("unknown level %q: use %s", o.level, levelWords(" or "))
	case o.all && len(args) > 0:
		return errors.New("name a backup or give --all, not both")
	case o.all && o.request != "":
		return errors.New("--request-id names one request, and --all sends many: leave one of them out")
	case !o.all:
		return oneID("name the backup to verify: one ID of backups list, or --all for all of them")(nil, args)
	}
	return nil
}

func (c *conversation) verify(ctx context.Context, o verifyOptions, id string) error {
	return c.start(ctx, o.wait, func(ctx context.Context, d daemon) (string, error) {
		return d.VerifyBackup(ctx, api.VerifyRequest{ID: id, Level: api.Level(o.level), RequestID: o.request})
	})
}

// verifyAll verifies one chain after the other, so that backups that are due
// meanwhile wait for one of them at most. It goes on after a failure.
func (c *conversation) verifyAll(ctx context.Context, o verifyOptions) error {
	d, err := c.connect()
	if err != nil {
		return err
	}
	backups, err := ask(ctx, d.Backups)
	if err != nil {
		return err
	}
	chains, unrecorded := tips(backups)
	for _, id := range unrecorded {
		c.screen.Note("%s is not verified: its folder is there, its record is lost", id)
	}
	var failed []string
	for i, id := range chains {
		c.screen.Note("%s (%d of %d)", id, i+1, len(chains))
		switch err := c.verify(ctx, o, id); exitCode(err) {
		case exitOK:
		case exitFailed, exitRefused:
			report(c.screen.Err, err)
			failed = append(failed, id)
		default:
			return err
		}
	}
	if n := len(failed); n > 0 {
		return exitWith(exitFailed, fmt.Errorf("%d of %s failed: %s", n, disk.Count(len(chains), "verification"), strings.Join(failed, ", ")))
	}
	if !o.wait {
		return nil
	}
	return c.screen.Print(fmt.Sprintf("%s verified at level %s\n", disk.Count(len(chains), "chain"), o.level))
}

// tips returns the backups that no other stands on, oldest first, and apart
// from them those that cannot be verified for want of a record.
func tips(backups []api.BackupView) (chains, unrecorded []string) {
	known := screen.NewChains(backups)
	recorded := func(b api.BackupView) bool { return !b.Unrecorded }
	for _, row := range known.Forest() {
		switch id := row.Backup.ID; {
		case row.Backup.Unrecorded:
			unrecorded = append(unrecorded, id)
		case !slices.ContainsFunc(known.Above(id), recorded):
			chains = append(chains, id)
		}
	}
	return chains, unrecorded
}
