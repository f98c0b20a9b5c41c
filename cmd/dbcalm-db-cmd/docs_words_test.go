package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/config"
)

var (
	docsBlock   = regexp.MustCompile("(?ms)^```([a-z]*)\n(.*?)^```$")
	docsLink    = regexp.MustCompile(`\]\(([^)]+)\)`)
	docsHeading = regexp.MustCompile(`(?m)^#+ (.+)$`)
)

// docsCode returns the blocks in a language, of all pages.
func docsCode(t *testing.T, language string) []string {
	t.Helper()
	var blocks []string
	for _, text := range docs(t) {
		for _, match := range docsBlock.FindAllStringSubmatch(text, -1) {
			if match[1] == language {
				blocks = append(blocks, match[2])
			}
		}
	}
	return blocks
}

// What a reader is told to type are commands, flags and targets that exist.
func TestDocsCommandsExist(t *testing.T) {
	t.Parallel()
	makefile, err := os.ReadFile(filepath.Join(moduleTop, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	commands := 0
	for line := range strings.Lines(strings.Join(docsCode(t, "sh"), "")) {
		words := strings.Fields(strings.TrimPrefix(line, "sudo "))
		if len(words) < 2 {
			continue
		}
		switch words[0] {
		case "make":
			if !strings.Contains(string(makefile), "\n"+words[1]+":") {
				t.Errorf("%s: the Makefile has no target %s", strings.TrimSpace(line), words[1])
			}
		case program:
			commands++
			if err := commandExists(t, words[1:]); err != nil {
				t.Errorf("%s: %v", strings.TrimSpace(line), err)
			}
		}
	}
	if commands == 0 {
		t.Error("no command was found")
	}
}

// commandExists returns why a command line would not be taken.
func commandExists(t *testing.T, words []string) error {
	t.Helper()
	cmd, rest, err := newInvocation(t, nil).rootCommand().Find(words)
	if err != nil {
		return err
	}
	if !cmd.Runnable() {
		t.Errorf("%q does nothing", words)
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	if err := cmd.ValidateArgs(cmd.Flags().Args()); err != nil {
		return err
	}
	return cmd.ValidateRequiredFlags()
}

// The program in Python is found as the only block of its language.
func TestDocsHaveOnePythonBlock(t *testing.T) {
	t.Parallel()
	blocks := docsCode(t, "python")
	if len(blocks) != 1 {
		t.Fatalf("%d blocks of Python, want 1", len(blocks))
	}
	contains(t, "the Python program", blocks[0], config.Defaults(config.Host{}).SocketPath, config.Defaults(config.Host{}).DatabasePath)
}

// anchors are the headings of a page as links name them.
func anchors(text string) map[string]bool {
	names := map[string]bool{}
	for _, match := range docsHeading.FindAllStringSubmatch(docsBlock.ReplaceAllString(text, ""), -1) {
		names[strings.ReplaceAll(strings.ToLower(match[1]), " ", "-")] = true
	}
	return names
}

func TestDocsLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	pages := docs(t)
	links := 0
	for page, text := range pages {
		for _, match := range docsLink.FindAllStringSubmatch(docsBlock.ReplaceAllString(text, ""), -1) {
			if strings.HasPrefix(match[1], "https://") {
				continue
			}
			links++
			file, anchor, _ := strings.Cut(match[1], "#")
			target := page
			if file != "" {
				target = filepath.Join(filepath.Dir(page), file)
			}
			if _, err := os.Stat(filepath.Join(moduleTop, target)); err != nil {
				t.Errorf("%s: %v", page, err)
			}
			if anchor != "" && !anchors(pages[target])[anchor] {
				t.Errorf("%s: no heading of %s answers to %s", page, target, match[1])
			}
		}
	}
	if links == 0 {
		t.Error("no link was found")
	}
}

// Who looks for a subject finds its page from the README.
func TestReadmeLeadsToEveryPage(t *testing.T) {
	t.Parallel()
	pages, err := manualPages()
	if err != nil {
		t.Fatal(err)
	}
	readme := docs(t)["README.md"]
	for _, page := range pages {
		link := "[" + page.Name + "](cmd/dbcalm-db-cmd/manual/" + page.Name + ".md) |"
		command := code(program+" manual "+page.Name) + " |"
		if !strings.Contains(readme, link) && !strings.Contains(readme, command) {
			t.Errorf("the README's table has no row for the page %s", page.Name)
		}
	}
}
