package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "dbcalm-db-cmd"

// testSupport, and what is below it, is imported by tests only and follows no
// other rule.
var testSupport = []string{
	module + "/steps/testkit", module + "/cmd/dbcalm-db-cmd/config/configtest", module + "/cmd/dbcalm-db-cmd/samples",
	module + "/transport/testkit",
}

// mayImport lists, for each folder, the others of ours it may import. A
// package below a folder follows that folder's rules.
var mayImport = map[string][]string{
	"cmd":         {"machine", "persistence", "steps", "transport"},
	"transport":   {"machine"},
	"machine":     {"persistence", "steps"},
	"steps":       {"persistence"},
	"persistence": {},
}

// everybody may import these; they import nothing of ours.
var everybody = []string{module + "/steps/printable"}

// aloneImport lists, for packages of others, the folders and rooms that may
// import them or what is below them.
var aloneImport = map[string][]string{
	"github.com/spf13/cobra":         {"cmd"},
	"gopkg.in/yaml.v3":               {"cmd", "machine/definition"},
	"os/signal":                      {"cmd"},
	"net":                            {"transport"},
	"github.com/looplab/fsm":         {"machine"},
	"os/exec":                        {"steps", "cmd/dbcalm-db-cmd/pager"},
	"github.com/cpuguy83/go-md2man":  {"cmd"},
	"github.com/go-sql-driver/mysql": {"steps"},
	"modernc.org/sqlite":             {"persistence"},
	"github.com/prometheus":          {"transport/monitor"},
	"github.com/klauspost/compress":  {"steps"},
}

// addressForms lie below net in name only: they open no connection.
var addressForms = []string{"net/url", "net/netip"}

// topLevel is all there is at the top beside dotfiles.
var topLevel = []string{"cmd", "machine", "steps", "persistence", "transport", "Makefile", "go.mod", "go.sum", "README.md"}

// listed is what a rule needs of `go list -json`.
type listed struct {
	ImportPath string
	Imports    []string
	// Dir holds GoFiles, the sources without tests.
	Dir     string
	GoFiles []string
}

func TestImportsKeepToTheLayout(t *testing.T) {
	t.Parallel()
	packages := listPackages(t)
	for folder := range mayImport {
		if !slices.ContainsFunc(packages, func(p listed) bool { return folderOf(p.ImportPath) == folder }) {
			t.Errorf("no package in folder %s", folder)
		}
	}
	for _, p := range packages {
		for _, problem := range problems(p) {
			t.Error(problem)
		}
	}
}

func TestLayoutRulesRefuse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		from, imported, want string
	}{
		{"persistence", module + "/machine", "may not import"},
		{"steps", module + "/machine", "may not import"},
		{"steps/crashpoint", module + "/transport", "may not import"},
		{"machine", module + "/transport", "may not import"},
		{"transport", module + "/steps", "may not import"},
		{"transport", module + "/steps/crashpoint", "may not import"},
		{"cmd/dbcalm-db-cmd", testSupport[0], "only tests"},
		{"steps", testSupport[1], "only tests"},
		{"machine", "net", "only transport"},
		{"cmd/dbcalm-db-cmd", "net/http", "only transport"},
		{"cmd/dbcalm-db-cmd", "os/exec", "only steps"},
		{"persistence", "gopkg.in/yaml.v3", "only cmd, machine/definition"},
		{"steps", "modernc.org/sqlite/lib", "only persistence"},
		{"machine", "github.com/go-sql-driver/mysql", "only steps"},
		{"machine", "github.com/prometheus/client_golang/prometheus", "only transport/monitor"},
		{"transport", "github.com/cpuguy83/go-md2man/v2/md2man", "only cmd"},
		{"cmd/dbcalm-db-cmd/manual", "os/exec", "only steps, cmd/dbcalm-db-cmd/pager"},
		{"util", "fmt", "no rule"},
		{"steps/printable", module + "/persistence", "everybody imports it"},

		{"cmd/dbcalm-db-cmd", module + "/persistence", ""},
		{"transport", module + "/machine", ""},
		{"transport", module + "/steps/printable", ""},
		{"persistence", module + "/steps/printable", ""},
		{"machine", module + "/steps/crashpoint", ""},
		{"steps", module + "/steps/crashpoint", ""},
		{"machine/definition", "gopkg.in/yaml.v3", ""},
		{"machine", module + "/machine/definition", ""},
		{"cmd/dbcalm-db-cmd/pager", "os/exec", ""},
		{"persistence", "net/url", ""},
		{"persistence", "network", ""},
		{"steps/testkit/mariadb", "github.com/go-sql-driver/mysql", ""},
	}
	for _, test := range tests {
		got := strings.Join(problems(listed{ImportPath: module + "/" + test.from, Imports: []string{test.imported}}), "; ")
		if test.want == "" && got != "" {
			t.Errorf("%s importing %s: refused: %s", test.from, test.imported, got)
		}
		if test.want != "" && !strings.Contains(got, test.want) {
			t.Errorf("%s importing %s: got %q, want %q in it", test.from, test.imported, got, test.want)
		}
	}
}

func TestTopLevelHoldsNothingElse(t *testing.T) {
	t.Parallel()
	// The checkout may belong to another user than the one who tests it.
	out := output(t, "git", "-c", "safe.directory=*", "ls-files")
	files := strings.Fields(out)
	if len(files) == 0 {
		t.Fatal("git lists no files")
	}
	for _, file := range files {
		top, _, _ := strings.Cut(file, "/")
		if !strings.HasPrefix(top, ".") && !slices.Contains(topLevel, top) {
			t.Errorf("%s: the top level is %v and dotfiles", file, topLevel)
		}
	}
}

// problems returns what one package does against the rules.
func problems(p listed) []string {
	folder := folderOf(p.ImportPath)
	ours, ruled := mayImport[folder]
	switch {
	case isTestSupport(p.ImportPath):
		return nil
	case !ruled:
		return []string{fmt.Sprintf("%s: no rule for folder %s", p.ImportPath, folder)}
	}
	var found []string
	for _, imported := range p.Imports {
		if isTestSupport(imported) {
			found = append(found, fmt.Sprintf("%s imports %s: only tests may", p.ImportPath, imported))
			continue
		}
		if slices.Contains(everybody, p.ImportPath) && folderOf(imported) != "" {
			found = append(found, fmt.Sprintf("%s may not import %s: everybody imports it, it imports nothing of ours", p.ImportPath, imported))
		}
		if slices.Contains(everybody, imported) {
			continue
		}
		if other := folderOf(imported); other != "" && other != folder && !slices.Contains(ours, other) {
			found = append(found, fmt.Sprintf("%s may not import %s: %s may import %v of ours", p.ImportPath, imported, folder, ours))
		}
		for name, folders := range aloneImport {
			if below(imported, name) && !slices.Contains(addressForms, imported) && !mayHave(p.ImportPath, folders) {
				found = append(found, fmt.Sprintf("%s may not import %s: only %s may", p.ImportPath, imported, strings.Join(folders, ", ")))
			}
		}
	}
	return found
}

// folderOf returns the top-level folder of a package of ours, "" for others.
func folderOf(importPath string) string {
	rest, ours := strings.CutPrefix(importPath, module+"/")
	if !ours {
		return ""
	}
	folder, _, _ := strings.Cut(rest, "/")
	return folder
}

func isTestSupport(importPath string) bool {
	return slices.ContainsFunc(testSupport, func(kit string) bool { return below(importPath, kit) })
}

// mayHave reports whether a package of ours is one of some, or below one.
func mayHave(importPath string, some []string) bool {
	return slices.ContainsFunc(some, func(one string) bool { return below(importPath, module+"/"+one) })
}

func below(importPath, name string) bool {
	return importPath == name || strings.HasPrefix(importPath, name+"/")
}

// listPackages lists the packages of this module.
func listPackages(t *testing.T) []listed {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(output(t, "go", "list", "-json=ImportPath,Imports,Dir,GoFiles", "./...")))
	var packages []listed
	for {
		var p listed
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			return packages
		}
		if err != nil {
			t.Fatalf("read go list: %v", err)
		}
		packages = append(packages, p)
	}
}

// readFolders makes this test depend on every file of the module: go's cache of
// test results does not know what the go command has read for us.
func readFolders(t *testing.T) {
	t.Helper()
	top := filepath.Join("..", "..")
	err := filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && path != top && strings.HasPrefix(entry.Name(), ".") {
			return filepath.SkipDir
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// output runs a command at the top of the module, which may read any file of it.
func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	readFolders(t)
	top := filepath.Join("..", "..")
	if _, err := os.Stat(filepath.Join(top, "go.mod")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(name, args...)
	cmd.Dir = top
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s%s", name, args, err, out, &stderr)
	}
	return string(out)
}
