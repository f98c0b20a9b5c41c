package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/config"
	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/screen"
	"dbcalm-db-cmd/steps/disk"
)

func configCommand(s *screen.Screen, from *source) *cobra.Command {
	return group("config", "Look at the configuration",
		configCheckCommand(s, from), configExampleCommand(s), configKeysCommand(s))
}

func configCheckCommand(s *screen.Screen, from *source) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Print the effective configuration and everything wrong with it",
		Long: `Print every key with its effective value and where that came from, then every
warning and every problem. The daemon starts when there is no problem.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return checkConfig(s, from, asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// configReport is what config check --json prints.
type configReport struct {
	File     string           `json:"file"`
	Values   []config.Value   `json:"values"`
	Warnings []config.Finding `json:"warnings"`
	Problems []config.Finding `json:"problems"`
}

func checkConfig(s *screen.Screen, from *source, asJSON bool) error {
	loaded := from.load()
	if len(loaded.Problems) == 0 {
		for _, exposed := range from.exposures(loaded.Config) {
			loaded.Problems = append(loaded.Problems, config.Finding{Where: loaded.Config.Path, Advice: exposed.Error()})
		}
	}
	var err error
	if asJSON {
		err = s.JSON(configReport{
			File: loaded.Config.Path, Values: notNil(loaded.Values),
			Warnings: notNil(loaded.Warnings), Problems: notNil(loaded.Problems),
		})
	} else {
		err = s.Print(configText(loaded))
	}
	if n := len(loaded.Problems); err == nil && n > 0 {
		err = exitWith(exitConfig, fmt.Errorf("%s in the configuration: the daemon would not start", disk.Count(n, "problem")))
	}
	return err
}

func configText(l *config.Loaded) string {
	var b strings.Builder
	t := screen.Table{Header: []string{"KEY", "VALUE", "FROM"}}
	for _, value := range l.Values {
		shown := fmt.Sprint(value.Value)
		if shown == "" {
			shown = `""`
		}
		t.Add(value.Key, shown, value.From)
	}
	if len(l.Values) > 0 {
		b.WriteString(t.String() + "\n")
	}
	for _, warning := range l.Warnings {
		fmt.Fprintf(&b, "warning: %s\n", warning)
	}
	for _, p := range l.Problems {
		fmt.Fprintf(&b, "problem: %s\n", p)
	}
	if len(l.Problems) == 0 {
		fmt.Fprintf(&b, "No problems, %s.\n", disk.Count(len(l.Warnings), "warning"))
	}
	return b.String()
}
