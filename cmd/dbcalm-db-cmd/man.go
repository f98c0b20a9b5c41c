package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/manual"
)

// manSection is where the commands of administrators are; package manual has
// the section of its own pages.
const manSection = "8"

// sourceDate is the variable by which a build says of when its source is, in
// seconds, so that the same source gives the same pages.
const sourceDate = "SOURCE_DATE_EPOCH"

// manCommand writes the manual when the program is installed. It is not for
// people.
func manCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:    "man FOLDER",
		Short:  "Write every page for man into a folder that is there (run when the program is installed)",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			at, err := pageDate(a)
			if err == nil {
				err = writeCommandPages(cmd.Root(), at, args[0])
			}
			if err == nil {
				err = writeManualPages(at, args[0])
			}
			if err != nil {
				return fmt.Errorf("write the manual: %w", err)
			}
			return nil
		},
	}
}

// pageSource is what a page says it is from.
func pageSource() string { return program + " " + versionText() }

// pageDate is the date of the pages.
func pageDate(a *app) (time.Time, error) {
	text := a.source.env(sourceDate)
	if text == "" {
		return a.screen.Now(), nil
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("$%s %q is no number of seconds", sourceDate, text)
	}
	return time.Unix(seconds, 0), nil
}

// writeCommandPages writes what the commands say of themselves.
func writeCommandPages(root *cobra.Command, at time.Time, folder string) error {
	root.DisableAutoGenTag = true
	forManual(root)
	return doc.GenManTree(root, &doc.GenManHeader{Section: manSection, Date: &at, Source: pageSource(), Manual: "DBCalm"}, folder)
}

// writeManualPages writes the pages of the manual.
func writeManualPages(at time.Time, folder string) error {
	pages, err := manualPages()
	if err != nil {
		return err
	}
	for _, page := range pages {
		file := filepath.Join(folder, program+"-"+page.Name+"."+manual.Section)
		// #nosec G306 -- a manual is for everybody
		if err := os.WriteFile(file, page.Roff(program, pageSource(), at), 0o644); err != nil {
			return err
		}
	}
	return nil
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
