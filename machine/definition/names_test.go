package definition

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// sqlText finds the texts within a statement.
var sqlText = regexp.MustCompile(`'([a-z_]+)'`)

// otherMeanings are words that name a state and something else besides: an
// event, a status, a level, a check, a key of the configuration, an option of a tool.
var otherMeanings = []string{"cancelled", "check", "compress", "count", "done", "examine", "failed", "place", "prepare",
	"replay", "retrieve", "stream", "unpack"}

// What the program has to know of a machine or a state is a key in its
// definition: no code spells the name of one.
func TestNoCodeNamesAMachineOrAState(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	// A machine may be called as its command is.
	var commands []string
	for _, machine := range Names() {
		d, err := Load(machine)
		if err != nil {
			t.Fatal(err)
		}
		names[machine] = true
		commands = append(commands, d.Command)
		for _, state := range d.Order() {
			names[state] = true
		}
	}
	for file, words := range literals(t) {
		for _, word := range words {
			if names[word] && !slices.Contains(otherMeanings, word) && !slices.Contains(commands, word) {
				t.Errorf("%s spells %q, which is a machine or a state: let a key of the definition say what it needs to know", file, word)
			}
		}
	}
}

// testSupport are folders of packages that only tests import.
var testSupport = []string{"testkit", "samples", "configtest"}

// literals returns, for each file of the program, its texts and those within its
// SQL.
func literals(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	top := filepath.Join("..", "..")
	err := filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && slices.Contains(testSupport, entry.Name()) {
			return filepath.SkipDir
		}
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := filepath.Rel(top, path)
		if err != nil {
			return err
		}
		tree, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			literal, is := n.(*ast.BasicLit)
			if !is || literal.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Errorf("%s: %s: %v", file, literal.Value, err)
			}
			found[file] = append(found[file], text)
			if strings.Contains(text, "ALTER TABLE") {
				return true // a migration, of what earlier programs have written
			}
			for _, match := range sqlText.FindAllStringSubmatch(text, -1) {
				found[file] = append(found[file], match[1])
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
