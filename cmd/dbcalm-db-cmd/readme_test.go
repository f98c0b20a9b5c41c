package main

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/goldentest"
)

const readmePath = "../../README.md"

// A generated part stands between two comments, which a reader does not see.
var readmePart = regexp.MustCompile(`(?s)<!-- generated: ([a-z-]+) -->\n(.*?)<!-- end generated -->`)

// readmeParts make the parts of the README that repeat what the program says.
var readmeParts = map[string]func(*testing.T) string{
	"commands":    readmeCommands,
	"config-keys": readmeKeys,
	"exit-codes":  readmeExitCodes,
	"machines":    readmeMachines,

	"config-check":    readmeConfigCheck,
	"doctor":          readmeDoctor,
	"backup-wait":     readmeBackupWait,
	"backups-list":    readmeBackupsList,
	"backups-verify":  readmeBackupsVerify,
	"backups-rebuild": readmeBackupsRebuild,
	"backups-prune":   readmeBackupsPrune,
	"operations-list": readmeOperationsList,
	"operations-show": readmeOperationsShow,
	"restore-wait":    readmeRestoreWait,

	"wire-answers": readmeAnswers,
	"healthz":      readmeHealth,
	"metrics":      readmeMetrics,
	"crash-matrix": readmeCrashMatrix,
	"screens":      readmeScreens,
}

// The generated parts are what the program says today; -update makes them so.
func TestReadmeSaysWhatTheProgramSays(t *testing.T) {
	t.Parallel()
	text := readReadme(t)
	seen := map[string]bool{}
	now := readmePart.ReplaceAllStringFunc(text, func(part string) string {
		match := readmePart.FindStringSubmatch(part)
		name, was := match[1], match[2]
		generate, known := readmeParts[name]
		if !known {
			t.Errorf("nothing generates the part %s: use one of %v", name, slices.Sorted(maps.Keys(readmeParts)))
			return part
		}
		seen[name] = true
		want := generate(t)
		if was != want && !goldentest.Update() {
			t.Errorf("the part %s is out of date (run with -update if this is right)\ngot:\n%s\nwant:\n%s", name, was, want)
		}
		return fmt.Sprintf("<!-- generated: %s -->\n%s<!-- end generated -->", name, want)
	})
	for name := range readmeParts {
		if !seen[name] {
			t.Errorf("the README has no part %s", name)
		}
	}
	if strings.Count(text, "<!-- generated:") != strings.Count(text, "<!-- end generated -->") {
		t.Error("a generated part does not end")
	}
	if goldentest.Update() && now != text {
		if err := os.WriteFile(readmePath, []byte(now), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func readReadme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(readmePath)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func fenced(language, text string) string {
	return "```" + language + "\n" + strings.TrimRight(text, "\n") + "\n```\n"
}

// markdown is a table, its first row the header.
func markdown(rows [][]string) string {
	var b strings.Builder
	for i, row := range rows {
		for _, cell := range row {
			b.WriteString("| " + strings.ReplaceAll(cell, "|", `\|`) + " ")
		}
		b.WriteString("|\n")
		if i == 0 {
			b.WriteString(strings.Repeat("|---", len(row)) + "|\n")
		}
	}
	return b.String()
}

func code(text string) string { return "`" + text + "`" }
