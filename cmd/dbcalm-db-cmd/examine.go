package main

import (
	"path/filepath"

	"github.com/spf13/cobra"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/screen"
	"dbcalm-db-cmd/steps/boot"
)

// examineCommand is what the daemon starts to see whether a server runs on a
// restored folder. It is not for people: the server may write to the folder.
func examineCommand(s *screen.Screen) *cobra.Command {
	var e boot.Examination
	cmd := &cobra.Command{
		Use:    "examine FOLDER",
		Short:  "Start a private server on a prepared folder and check its tables (started by the daemon)",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if e.Folder, err = filepath.Abs(args[0]); err != nil {
				return err
			}
			return e.Run(cmd.Context(), s.Out)
		},
	}
	cmd.Flags().StringVar(&e.Server, "server", "", "the server's program")
	cmd.Flags().Uint64Var(&e.UseMemory, "use-memory", 0, "its buffer pool, in bytes")
	cmd.Flags().IntVar(&e.Parallel, "parallel", 1, "tables to check at a time")
	cmd.Flags().StringVar(&e.Backup, "backup", "", "the folder of the backup, which says what was broken on the server already")
	cmd.Flags().IntVar(&e.LowerCaseTables, "lower-case-table-names", 0, "as the server backed up had it")
	cmd.Flags().StringArrayVar(&e.Options, "server-option", nil, "an option that it needs to find files of its program")
	for _, name := range []string{"server", "use-memory"} {
		requireFlag(cmd, name)
	}
	return cmd
}
