package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"dbcalm-db-cmd/steps/testkit"
)

// Every command of ours that is not hidden has a help, and it says what it said before. What
// cobra brings along is its own affair.
func TestHelp(t *testing.T) {
	t.Parallel()
	var paths []string
	walk(newInvocation(t, nil).rootCommand(), func(cmd *cobra.Command) { paths = append(paths, cmd.CommandPath()) })
	for _, path := range paths {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			in := newInvocation(t, nil)
			in.expect(t, exitOK, append(strings.Fields(path)[1:], "--help")...)
			if in.stderr.Len() > 0 {
				t.Errorf("stderr: %s", &in.stderr)
			}
			testkit.Golden(t, "help/"+strings.ReplaceAll(path, " ", "_")+".txt", in.stdout.String())
		})
	}
}

func TestRootHelpHasEveryExitCode(t *testing.T) {
	t.Parallel()
	in := newInvocation(t, nil)
	in.expect(t, exitOK, "--help")
	for _, row := range exitMeanings {
		contains(t, "the help", in.stdout.String(), row.meaning)
	}
}
