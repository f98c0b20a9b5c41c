package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func TestEveryCommandHasAPageOfTheManual(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	in := newInvocation(t, nil)
	in.expect(t, exitOK, "man", folder)
	walk(newInvocation(t, nil).rootCommand(), func(cmd *cobra.Command) {
		page := readFile(t, filepath.Join(folder, strings.ReplaceAll(cmd.CommandPath(), " ", "-")+".8"))
		contains(t, cmd.CommandPath(), page, cmd.Short)
	})
	root := readFile(t, filepath.Join(folder, program+".8"))
	for _, row := range exitMeanings {
		contains(t, "the manual", root, row.meaning)
	}
	// What is not for people is not in the manual.
	for _, hidden := range []string{"supervise", "man"} {
		if _, err := os.Stat(filepath.Join(folder, program+"-"+hidden+".8")); err == nil {
			t.Errorf("%s has a page", hidden)
		}
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestManualThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	in := newInvocation(t, nil)
	in.expect(t, exitFailed, "man", filepath.Join(t.TempDir(), "nowhere"))
	contains(t, "stderr", in.stderr.String(), "write the manual: open ", "no such file or directory")
}

func TestIndentedPartsKeepTheirLines(t *testing.T) {
	t.Parallel()
	help := "Two lines that\nflow.\n  a  1\n  b  2\n\n  c  3\n\nThe end."
	want := "Two lines that\nflow.\n\n      a  1\n      b  2\n    \n      c  3\n    \n\nThe end."
	if got := asMarkdown(help); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
