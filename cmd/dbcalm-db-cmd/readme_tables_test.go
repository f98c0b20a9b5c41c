package main

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"gopkg.in/yaml.v3"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/config"
	"dbcalm-db-cmd/machine/definition"
)

// flagUsage is a flag and its argument as cobra's help shows them.
var flagUsage = regexp.MustCompile(`(?m)^ +(?:-\w, )?(--[a-z-]+(?: [A-Z]+)?)(?:   .*)?$`)

func readmeCommands(t *testing.T) string {
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

func readmeKeys(*testing.T) string {
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

func readmeExitCodes(*testing.T) string {
	rows := [][]string{{"Code", "Meaning"}}
	for _, row := range exitMeanings {
		rows = append(rows, []string{fmt.Sprint(row.code), row.meaning})
	}
	return markdown(rows)
}

// drawnState is what the README tells of a state.
type drawnState struct {
	Summary     string            `yaml:"summary"`
	On          map[string]string `yaml:"on"`
	Interrupted []any             `yaml:"interrupted"`
	Limit       int               `yaml:"limit"`
	Cancel      string            `yaml:"cancel"`
	End         string            `yaml:"end"`
}

func readmeMachines(t *testing.T) string {
	var b strings.Builder
	for _, name := range definition.Names() {
		source, err := definition.Source(name)
		if err != nil {
			t.Fatal(err)
		}
		var drawn struct {
			Summary string    `yaml:"summary"`
			States  yaml.Node `yaml:"states"`
		}
		if err := yaml.Unmarshal([]byte(source), &drawn); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "### %s\n\n%s\n\n%s\n", name, drawn.Summary, stateTable(t, drawn.States.Content))
		graph := newInvocation(t, nil)
		graph.expect(t, exitOK, "machine", "graph", name, "--format", "mermaid")
		b.WriteString(fenced("mermaid", graph.stdout.String()) + "\n")
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// stateTable lists the states in the order of their definition: names and
// states take turns in nodes.
func stateTable(t *testing.T, nodes []*yaml.Node) string {
	rows := [][]string{{"State", "What happens there", "When interrupted, or how it ends", "Cancel"}}
	for i := 0; i+1 < len(nodes); i += 2 {
		var s drawnState
		if err := nodes[i+1].Decode(&s); err != nil {
			t.Fatal(err)
		}
		cancel := "too late"
		if s.Cancel != "" {
			cancel = "yes"
		}
		after := s.policy()
		if s.End != "" {
			cancel, after = "", "ends as "+s.End
			if to := s.On["retry"]; to != "" {
				after += "; a retry goes to " + to
			}
		}
		rows = append(rows, []string{code(nodes[i].Value), s.Summary, after, cancel})
	}
	return markdown(rows)
}

func (s drawnState) policy() string {
	if len(s.Interrupted) == 0 {
		return "stays queued"
	}
	var parts []string
	for _, policy := range s.Interrupted {
		if rewind, is := policy.(map[string]any); is {
			parts = append(parts, fmt.Sprint("rewind to ", rewind["rewind"]))
		} else {
			parts = append(parts, fmt.Sprint(policy))
		}
	}
	text := strings.Join(parts, ", else ")
	if s.Limit != 0 {
		text += fmt.Sprintf(", %d times", s.Limit)
	}
	return text
}
