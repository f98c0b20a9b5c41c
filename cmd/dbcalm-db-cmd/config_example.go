package main

import (
	"github.com/spf13/cobra"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/config"
	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/screen"
)

func configExampleCommand(s *screen.Screen) *cobra.Command {
	return &cobra.Command{
		Use:   "example",
		Short: "Print a configuration file to begin with",
		Long: `Print a configuration file that holds every key with its meaning: those that
are required with a value, all others as comments with their defaults.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			text, err := config.Example(program)
			if err != nil {
				return err
			}
			return s.Print(text)
		},
	}
}
