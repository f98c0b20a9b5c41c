package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// manSection is where manuals for administrators are.
const manSection = "8"

// manCommand writes the manual when the program is installed. It is not for
// people.
func manCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "man FOLDER",
		Short:  "Write the pages of the manual into a folder that is there (run when the program is installed)",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			root.DisableAutoGenTag = true
			forManual(root)
			header := &doc.GenManHeader{Section: manSection, Source: program + " " + versionText(), Manual: "DBCalm"}
			if err := doc.GenManTree(root, header, args[0]); err != nil {
				return fmt.Errorf("write the manual: %w", err)
			}
			return nil
		},
	}
}

// forManual marks, in what all commands say of themselves, the parts that must
// keep their lines.
func forManual(cmd *cobra.Command) {
	cmd.Long = asMarkdown(cmd.Long)
	for _, child := range cmd.Commands() {
		forManual(child)
	}
}

// asMarkdown makes code blocks of the lines that a help text indents.
func asMarkdown(text string) string {
	var b strings.Builder
	block := false
	for line := range strings.Lines(text) {
		indented := strings.HasPrefix(line, "  ")
		if indented != block && strings.TrimSpace(line) != "" {
			block = indented
			b.WriteString("\n")
		}
		if block {
			b.WriteString("    ")
		}
		b.WriteString(line)
	}
	return b.String()
}
