package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
)

// moduleTop is the folder of the README, seen from here.
const moduleTop = "../.."

// docsPages are the files that people read, as patterns below moduleTop.
var docsPages = []string{"README.md", "cmd/dbcalm-db-cmd/manual/*.md", ".github/*.md", "*/decisions/*.md"}

// A generated part stands between two comments, which a reader does not see.
var docsPart = regexp.MustCompile(`(?s)<!-- generated: ([a-z-]+) -->\n(.*?)<!-- end generated -->`)

// docsParts make the parts that repeat what the program or its code says.
var docsParts = map[string]func(*testing.T) string{
	"way":     docsWay,
	"folders": docsFolders,

	"commands":    docsCommands,
	"config-keys": docsKeys,
	"exit-codes":  docsExitCodes,
	"full-backup": docsFullBackup,

	"config-check":    docsConfigCheck,
	"doctor":          docsDoctor,
	"backup-wait":     docsBackupWait,
	"backups-list":    docsBackupsList,
	"backups-verify":  docsBackupsVerify,
	"backups-rebuild": docsBackupsRebuild,
	"backups-prune":   docsBackupsPrune,
	"operations-list": docsOperationsList,
	"operations-show": docsOperationsShow,
	"restore-wait":    docsRestoreWait,

	"wire-answers": docsAnswers,
	"healthz":      docsHealth,
	"metrics":      docsMetrics,
	"crash-matrix": docsMeasured("crash-matrix"),
	"screens":      docsMeasured("screens"),
	"speed":        docsMeasured("speed"),
	"growth":       docsMeasured("growth"),
	"load":         docsMeasured("load"),
	"versions":     docsMeasured("versions"),
	"archive":      docsMeasured("archive"),
}

// The generated parts are what the program says today; -update makes them so.
func TestDocsSayWhatTheProgramSays(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for file, text := range docs(t) {
		now := docsPart.ReplaceAllStringFunc(text, func(part string) string {
			match := docsPart.FindStringSubmatch(part)
			name, was := match[1], match[2]
			generate, known := docsParts[name]
			if !known {
				t.Errorf("%s: nothing generates the part %s: use one of %v", file, name, slices.Sorted(maps.Keys(docsParts)))
				return part
			}
			if other := seen[name]; other != "" {
				t.Errorf("the part %s is in %s and in %s", name, other, file)
			}
			seen[name] = file
			want := generate(t)
			if was != want && !testkit.Updating() {
				t.Errorf("%s: the part %s is out of date (run with -update if this is right)\ngot:\n%s\nwant:\n%s", file, name, was, want)
			}
			return fmt.Sprintf("<!-- generated: %s -->\n%s<!-- end generated -->", name, want)
		})
		if strings.Count(text, "<!-- generated:") != strings.Count(text, "<!-- end generated -->") {
			t.Errorf("%s: a generated part does not end", file)
		}
		if testkit.Updating() && now != text {
			if err := os.WriteFile(filepath.Join(moduleTop, file), []byte(now), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name := range docsParts {
		if seen[name] == "" {
			t.Errorf("no page has the part %s", name)
		}
	}
}

// readmeLines is how long the README may be: what is read before anything else
// is read as a whole.
const readmeLines = 200

func TestReadmeIsShort(t *testing.T) {
	t.Parallel()
	if lines := strings.Count(docs(t)["README.md"], "\n"); lines > readmeLines {
		t.Errorf("the README has %d lines, more than %d: move what is about one subject to its page of the manual", lines, readmeLines)
	}
}

// docs returns the text of every page, by its path below the module's top.
func docs(t *testing.T) map[string]string {
	t.Helper()
	pages := map[string]string{}
	for _, pattern := range docsPages {
		files, err := filepath.Glob(filepath.Join(moduleTop, pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v, %v", pattern, files, err)
		}
		for _, file := range files {
			name, err := filepath.Rel(moduleTop, file)
			if err != nil {
				t.Fatal(err)
			}
			pages[name] = readFile(t, file)
		}
	}
	return pages
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
