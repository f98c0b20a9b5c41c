package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/config"
)

func (a *app) configKeysCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "Print every key with its default and meaning",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			keys := config.Keys()
			if asJSON {
				return a.printJSON(keys)
			}
			var b strings.Builder
			for _, k := range keys {
				fmt.Fprintf(&b, "%s (%s)\n      %s\n", k.Key, k.Default, k.Meaning)
			}
			return a.print(b.String())
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}
