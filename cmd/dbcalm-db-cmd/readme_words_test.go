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
	readmeBlock   = regexp.MustCompile("(?ms)^```([a-z]*)\n(.*?)^```$")
	readmeLink    = regexp.MustCompile(`\]\(([^)]+)\)`)
	readmeHeading = regexp.MustCompile(`(?m)^#+ (.+)$`)
)

// readmeCode returns the README's blocks in a language.
func readmeCode(t *testing.T, language string) []string {
	t.Helper()
	var blocks []string
	for _, match := range readmeBlock.FindAllStringSubmatch(readReadme(t), -1) {
		if match[1] == language {
			blocks = append(blocks, match[2])
		}
	}
	return blocks
}

// What a reader is told to type are commands, flags and targets that exist.
func TestReadmeCommandsExist(t *testing.T) {
	t.Parallel()
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	commands := 0
	for line := range strings.Lines(strings.Join(readmeCode(t, "sh"), "")) {
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
			root := newInvocation(t, nil).rootCommand()
			cmd, rest, err := root.Find(words[1:])
			if err == nil && !cmd.Runnable() {
				t.Errorf("%s does nothing", strings.TrimSpace(line))
			}
			if err == nil {
				err = cmd.ParseFlags(rest)
			}
			if err == nil {
				err = cmd.ValidateArgs(cmd.Flags().Args())
			}
			if err == nil {
				err = cmd.ValidateRequiredFlags()
			}
			if err != nil {
				t.Errorf("%s: %v", strings.TrimSpace(line), err)
			}
		}
	}
	if commands == 0 {
		t.Error("no command was found")
	}
}

// The program in Python is found as the only block of its language.
func TestReadmeHasOnePythonBlock(t *testing.T) {
	t.Parallel()
	blocks := readmeCode(t, "python")
	if len(blocks) != 1 {
		t.Fatalf("%d blocks of Python, want 1", len(blocks))
	}
	contains(t, "the Python program", blocks[0], config.Defaults(config.Host{}).SocketPath, config.Defaults(config.Host{}).DatabasePath)
}

func TestReadmeLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	text := readmeBlock.ReplaceAllString(readReadme(t), "")
	anchors := map[string]bool{}
	for _, match := range readmeHeading.FindAllStringSubmatch(text, -1) {
		anchors["#"+strings.ReplaceAll(strings.ToLower(match[1]), " ", "-")] = true
	}
	for _, match := range readmeLink.FindAllStringSubmatch(text, -1) {
		target := match[1]
		switch {
		case strings.HasPrefix(target, "https://"):
		case strings.HasPrefix(target, "#"):
			if !anchors[target] {
				t.Errorf("no heading answers to %s", target)
			}
		default:
			if _, err := os.Stat(filepath.Join("../..", target)); err != nil {
				t.Error(err)
			}
		}
	}
}
