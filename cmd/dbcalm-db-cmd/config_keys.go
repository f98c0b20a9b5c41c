package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/config"
	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/screen"
)

func configKeysCommand(s *screen.Screen) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "Print every key with its default and meaning",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			keys := config.Keys()
			if asJSON {
				return s.JSON(keys)
			}
			var b strings.Builder
			for _, k := range keys {
				fmt.Fprintf(&b, "%s (%s)\n      %s\n", k.Key, k.Default, k.Meaning)
			}
			return s.Print(b.String())
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}
