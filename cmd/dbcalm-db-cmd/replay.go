package main

import (
	"path/filepath"

	"github.com/spf13/cobra"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/screen"
	"dbcalm-db-cmd/steps/boot"
)

// replayCommand is what the daemon starts to bring a restored folder to a moment.
// It is not for people: it changes the folder.
func replayCommand(s *screen.Screen) *cobra.Command {
	var r boot.Replay
	cmd := &cobra.Command{
		Use:    "replay FOLDER",
		Short:  "Start a private server on a prepared folder and replay the archive there (started by the daemon)",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if r.Folder, err = filepath.Abs(args[0]); err != nil {
				return err
			}
			return r.Run(cmd.Context(), s.Out)
		},
	}
	cmd.Flags().StringVar(&r.Server, "server", "", "the server's program")
	cmd.Flags().StringVar(&r.MySQL, "mysql", "", "its version, if it is a MySQL")
	cmd.Flags().Uint64Var(&r.UseMemory, "use-memory", 0, "its buffer pool, in bytes")
	cmd.Flags().IntVar(&r.LowerCaseTables, "lower-case-table-names", 0, "as the server backed up had it")
	cmd.Flags().StringArrayVar(&r.Options, "server-option", nil, "an option that it needs to find files of its program")
	cmd.Flags().StringVar(&r.Archive.Folder, "archive", "", "the archive's folder in the backup store")
	cmd.Flags().StringVar(&r.Archive.State, "archive-state", "", "its folder in state_dir")
	for _, name := range []string{"server", "use-memory", "archive", "archive-state"} {
		requireFlag(cmd, name)
	}
	return cmd
}
