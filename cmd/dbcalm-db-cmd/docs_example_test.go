package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// exampleBlock is a file, or a line of one, of the worked example.
var exampleBlock = regexp.MustCompile("(?s)<!-- example: ([a-z_/.]+)(, one more line)? -->\n```[a-z]+\n(.*?)```\n")

// registryHead is what stands above the first line of the steps' registry.
const registryHead = "map[string]Step{\n"

// The worked example compiles in its place, and its tests pass. Nothing is
// written there: the go command is told to see its files over those on disk.
func TestContributingExampleWorks(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it compiles half of the program; without -short it is compiled")
	}
	top, err := filepath.Abs(moduleTop)
	if err != nil {
		t.Fatal(err)
	}
	folder, replace := t.TempDir(), map[string]string{}
	for _, match := range exampleBlock.FindAllStringSubmatch(docs(t)[".github/CONTRIBUTING.md"], -1) {
		file, isLine, text := filepath.Join(top, match[1]), match[2] != "", match[3]
		was, err := os.ReadFile(file)
		if (err == nil) != isLine {
			t.Errorf("%s is there already, or is not and should be: %v", match[1], err)
		}
		if isLine {
			if strings.Count(string(was), registryHead) != 1 {
				t.Fatalf("%s has no place for one more line: it lacks %q", match[1], registryHead)
			}
			text = strings.Replace(string(was), registryHead, registryHead+text, 1)
		}
		over := filepath.Join(folder, strings.ReplaceAll(match[1], "/", "-"))
		if err := os.WriteFile(over, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		replace[file] = over
	}
	if len(replace) < 4 {
		t.Fatalf("the example has %d files", len(replace))
	}
	overlay := filepath.Join(folder, "overlay.json")
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(overlay, text, 0o600); err != nil {
		t.Fatal(err)
	}
	said := output(t, "go", "test", "-count=1", "-overlay", overlay, "-v", "-run", "^TestCountStore$", "./steps", "./machine")
	if strings.Count(said, "--- PASS: TestCountStore") != 2 {
		t.Errorf("the example's tests did not both run:\n%s", said)
	}
}
