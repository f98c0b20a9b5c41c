package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/screen"
	"dbcalm-db-cmd/machine/definition"
)

func machineCommand(s *screen.Screen) *cobra.Command {
	return group("machine", "Show the machines that operations run",
		machineListCommand(s), machineShowCommand(s), machineGraphCommand(s))
}

// machineView is what machine list --json prints of a machine.
type machineView struct {
	Machine string `json:"machine"`
	Summary string `json:"summary"`
}

func machineListCommand(s *screen.Screen) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the machines",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			t := screen.Table{Header: []string{"MACHINE", "SUMMARY"}}
			var views []machineView
			for _, name := range definition.Names() {
				summary, err := definition.Summary(name)
				if err != nil {
					return fmt.Errorf("summarise machine %s: %w", name, err)
				}
				t.Add(name, summary)
				views = append(views, machineView{Machine: name, Summary: summary})
			}
			if asJSON {
				return s.JSON(views)
			}
			return s.Print(t.String())
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func machineShowCommand(s *screen.Screen) *cobra.Command {
	return &cobra.Command{
		Use:       "show NAME",
		Short:     "Print a machine's definition",
		Args:      machineName,
		ValidArgs: definition.Names(),
		RunE: func(_ *cobra.Command, args []string) error {
			source, err := definition.Source(args[0])
			if err != nil {
				return fmt.Errorf("show machine %s: %w", args[0], err)
			}
			return s.Print(source + definition.Legend())
		},
	}
}

func machineGraphCommand(s *screen.Screen) *cobra.Command {
	formats := []string{"mermaid", "dot"}
	format := formats[0]
	cmd := &cobra.Command{
		Use:   "graph NAME",
		Short: "Draw a machine as a Mermaid or Graphviz diagram",
		Args: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(formats, format) {
				return fmt.Errorf("unknown format %q: use %s", format, strings.Join(formats, " or "))
			}
			return machineName(cmd, args)
		},
		ValidArgs: definition.Names(),
		RunE: func(_ *cobra.Command, args []string) error {
			graph, err := definition.Graph(args[0], format)
			if err != nil {
				return fmt.Errorf("draw machine %s: %w", args[0], err)
			}
			return s.Print(strings.TrimRight(graph, "\n") + "\n")
		},
	}
	cmd.Flags().StringVar(&format, "format", format, "`FORMAT` of the drawing: "+strings.Join(formats, " or "))
	completeFlag(cmd, "format", formats)
	return cmd
}

// machineName accepts exactly one argument, a machine's name.
func machineName(_ *cobra.Command, args []string) error {
	names := definition.Names()
	switch {
	case len(args) == 0:
		return fmt.Errorf("name a machine: %s", strings.Join(names, ", "))
	case len(args) > 1:
		return fmt.Errorf("name one machine, not %d", len(args))
	case !slices.Contains(names, args[0]):
		return fmt.Errorf("unknown machine %q: use one of %s", args[0], strings.Join(names, ", "))
	}
	return nil
}
