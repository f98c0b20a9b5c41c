package main

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/config"

	"github.com/spf13/cobra"
)

// flagUsage is a flag and its argument as cobra's help shows them.
var flagUsage = regexp.MustCompile(`(?m)^ +(?:-\w, )?(--[a-z-]+(?: [A-Z]+)?)(?:   .*)?$`)

func docsCommands(t *testing.T) string {
	rows := [][]string{{"Command", "Flags", ""}}
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		if cmd.Hidden {
			return
		}
		if cmd.HasSubCommands() {
			for _, child := range cmd.Commands() {
				walk(child)
			}
			return
		}
		line, _, _ := strings.Cut(strings.TrimPrefix(cmd.UseLine(), program+" "), " [flags]")
		var flags []string
		for _, match := range flagUsage.FindAllStringSubmatch(cmd.LocalNonPersistentFlags().FlagUsages(), -1) {
			flags = append(flags, code(match[1]))
		}
		rows = append(rows, []string{code(line), strings.Join(flags, ", "), cmd.Short})
	}
	walk(newInvocation(t, nil).rootCommand())
	return markdown(rows)
}

func docsKeys(*testing.T) string {
	rows := [][]string{{"Key", "Default", "Meaning"}}
	for _, k := range config.Keys() {
		value := k.Default
		if !k.Required && !k.Computed {
			value = code(value)
		}
		rows = append(rows, []string{code(k.Key), value, k.Meaning})
	}
	return markdown(rows)
}

func docsExitCodes(*testing.T) string {
	rows := [][]string{{"Code", "Meaning"}}
	for _, row := range exitMeanings {
		rows = append(rows, []string{fmt.Sprint(row.code), row.meaning})
	}
	return markdown(rows)
}
