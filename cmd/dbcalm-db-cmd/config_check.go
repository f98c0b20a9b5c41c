package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

func (a *app) configCommand() *cobra.Command {
	return group("config", "Look at the configuration", a.configCheckCommand(), a.configExampleCommand(), a.configKeysCommand())
}

func (a *app) configCheckCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Print the effective configuration and everything wrong with it",
		Long: `Print every key with its effective value and where that came from, then every
warning and every problem. The daemon starts when there is no problem.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.checkConfig(asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// configReport is what config check --json prints.
type configReport struct {
	File     string      `json:"file"`
	Values   []effective `json:"values"`
	Warnings []finding   `json:"warnings"`
	Problems []finding   `json:"problems"`
}

func (a *app) checkConfig(asJSON bool) error {
	loaded := loadConfig(a.configPath(), a.host)
	var err error
	if asJSON {
		err = a.printJSON(configReport{
			File: loaded.config.Path, Values: notNil(loaded.values),
			Warnings: notNil(loaded.warnings), Problems: notNil(loaded.problems),
		})
	} else {
		err = a.print(loaded.text())
	}
	if n := len(loaded.problems); err == nil && n > 0 {
		err = exitWith(exitConfig, fmt.Errorf("%s in the configuration: the daemon would not start", count(n, "problem")))
	}
	return err
}

func (l *loadedConfig) text() string {
	var b strings.Builder
	t := table{header: []string{"KEY", "VALUE", "FROM"}}
	for _, value := range l.values {
		shown := fmt.Sprint(value.Value)
		if shown == "" {
			shown = `""`
		}
		t.add(value.Key, shown, value.From)
	}
	if len(l.values) > 0 {
		b.WriteString(t.String() + "\n")
	}
	for _, warning := range l.warnings {
		fmt.Fprintf(&b, "warning: %s\n", warning)
	}
	for _, p := range l.problems {
		fmt.Fprintf(&b, "problem: %s\n", p)
	}
	if len(l.problems) == 0 {
		fmt.Fprintf(&b, "No problems, %s.\n", count(len(l.warnings), "warning"))
	}
	return b.String()
}
