package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// room is what a package may import beside the standard library.
type room struct {
	// ours are packages of this module: these and no package below them.
	ours []string
	// others are those keys of aloneImport that are meant for this room; what
	// is not in that table anybody may import.
	others []string
}

const command = "cmd/dbcalm-db-cmd"

// roomImports lists what the rooms of a folder may import. Where it has a room
// of a top-level folder it has all that are to be imported by the program, and
// the rules of the folder hold as well.
var roomImports = map[string]room{
	command: {
		ours: []string{command + "/config", command + "/screen", command + "/human", command + "/manual", command + "/pager",
			"machine", "machine/api", "machine/definition", "persistence", "transport", "transport/access", "transport/client", "transport/monitor",
			"transport/wire", "steps", "steps/archive", "steps/boot", "steps/crashpoint", "steps/disk", "steps/doctor", "steps/job",
			"steps/printable"},
		others: []string{"github.com/spf13/cobra", "os/signal"},
	},
	command + "/config": {
		ours:   []string{command + "/human", "machine/api", "steps/job", "steps/server", "steps/stream", "steps/tool"},
		others: []string{"gopkg.in/yaml.v3"},
	},
	command + "/screen": {ours: []string{command + "/human", "machine/api", "machine/definition", "steps/printable", "steps/store"}},
	command + "/human":  {ours: []string{"steps/printable"}},
	command + "/manual": {others: []string{"github.com/cpuguy83/go-md2man"}},
	command + "/pager":  {others: []string{"os/exec", "os/signal"}},
	"machine": {
		ours: []string{"machine/api", "machine/catalogue", "machine/definition", "persistence", "steps", "steps/crashpoint",
			"steps/disk", "steps/job", "steps/printable", "steps/store"},
		others: []string{"github.com/looplab/fsm"},
	},
	"machine/api":        {ours: []string{"persistence", "steps", "steps/archive", "steps/printable"}},
	"machine/catalogue":  {ours: []string{"machine/api", "machine/definition", "persistence", "steps", "steps/crashpoint", "steps/store"}},
	"machine/definition": {ours: []string{"persistence", "steps"}, others: []string{"github.com/looplab/fsm", "gopkg.in/yaml.v3"}},
	"transport": {ours: []string{"machine/api", "transport/access", "transport/socket", "transport/wire", "steps/printable"},
		others: []string{"net"}},
	"transport/access": {ours: []string{"machine/api", "steps/printable"}, others: []string{"net"}},
	"transport/client": {ours: []string{"machine/api", "transport/wire"}, others: []string{"net"}},
	"transport/monitor": {ours: []string{"machine/api", "transport/access", "transport/socket", "transport/wire", "steps/printable"},
		others: []string{"net", "github.com/prometheus"}},
	"transport/socket":   {others: []string{"net"}},
	"transport/wire":     {ours: []string{"machine/api", "steps/printable"}},
	"persistence":        {ours: []string{"persistence/dbfile", "persistence/shared"}, others: []string{"modernc.org/sqlite"}},
	"persistence/dbfile": {others: []string{"modernc.org/sqlite"}},
	"persistence/shared": {ours: []string{"persistence/dbfile"}, others: []string{"modernc.org/sqlite"}},
	// The verbs, and below them the rooms that they work with: each may import
	// only what stands under it.
	"steps": {ours: []string{"persistence", "steps/archive", "steps/boot", "steps/place", "steps/inventory", "steps/counts", "steps/store",
		"steps/tool", "steps/server", "steps/job", "steps/disk", "steps/digest", "steps/stream", "steps/crashpoint"}},
	"steps/doctor": {ours: []string{"persistence", "steps", "steps/boot", "steps/place", "steps/store", "steps/tool",
		"steps/server", "steps/disk"}},
	"steps/place": {ours: []string{"steps/server", "steps/disk", "steps/crashpoint"}},
	"steps/boot": {ours: []string{"steps/archive", "steps/binlog", "steps/counts", "steps/store", "steps/tool", "steps/server", "steps/job",
		"steps/disk", "steps/crashpoint"},
		others: []string{"os/exec", "github.com/go-sql-driver/mysql"}},
	"steps/archive": {ours: []string{"steps/binlog", "steps/server", "steps/job", "steps/disk", "steps/stream", "steps/crashpoint"},
		others: []string{"os/exec"}},
	"steps/binlog": {others: []string{"github.com/klauspost/compress"}},
	"steps/counts": {ours: []string{"steps/inventory", "steps/server", "steps/disk", "steps/crashpoint"},
		others: []string{"github.com/go-sql-driver/mysql"}},
	"steps/inventory": {ours: []string{"steps/server", "steps/disk"}},
	"steps/store": {ours: []string{"persistence", "steps/inventory", "steps/counts", "steps/tool", "steps/server", "steps/disk",
		"steps/stream", "steps/digest", "steps/crashpoint"}},
	"steps/tool":       {ours: []string{"steps/server", "steps/job", "steps/disk"}, others: []string{"os/exec"}},
	"steps/server":     {ours: []string{"steps/optionfile", "steps/job", "steps/disk"}, others: []string{"github.com/go-sql-driver/mysql"}},
	"steps/optionfile": {others: []string{"os/exec"}},
	"steps/job":        {ours: []string{"steps/disk", "steps/digest", "steps/stream", "steps/crashpoint"}, others: []string{"os/exec"}},
	"steps/digest":     {ours: []string{"steps/disk", "steps/stream"}},
	"steps/disk":       {ours: []string{"steps/crashpoint"}},
	"steps/stream":     {others: []string{"github.com/klauspost/compress"}},
	"steps/crashpoint": {},
	"steps/printable":  {},
	// Tests alone, of the program as it is built and as it is installed.
	command + "/e2e":       {},
	command + "/packaging": {},
}

// The size of a room, and how far a type may spread in it.
const (
	maxRoomFiles   = 25
	maxTypeMethods = 40
	maxTypeFiles   = 10
)

// largeRooms may have so many files that are no tests.
var largeRooms = map[string]int{
	// The verbs, one a file.
	command: 55,
}

func TestRoomsImportWhatTheyMay(t *testing.T) {
	t.Parallel()
	packages := listPackages(t)
	for name := range roomImports {
		if !slices.ContainsFunc(packages, func(p listed) bool { return roomOf(p) == name }) {
			t.Errorf("there is no room %s", name)
		}
	}
	for _, p := range packages {
		for _, problem := range roomProblems(p) {
			t.Error(problem)
		}
	}
}

func TestRoomRulesRefuse(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ from, imported, want string }{
		{command + "/config", module + "/" + command + "/screen", "may not import"},
		{command + "/config", module + "/transport", "may not import"},
		{command + "/config", "github.com/spf13/cobra", "may not import"},
		{command + "/screen", module + "/" + command + "/config", "may not import"},
		{command + "/screen", module + "/persistence", "may not import"},
		{command + "/human", module + "/machine", "may not import"},
		{command, "gopkg.in/yaml.v3", "may not import"},
		{command + "/attic", "fmt", "no rule"},

		{command, module + "/" + command + "/config", ""},
		{command, "github.com/spf13/cobra/doc", ""},
		{command + "/config", "gopkg.in/yaml.v3", ""},
		{command + "/screen", module + "/machine/api", ""},
		{command + "/samples", module + "/machine", ""},
		{"steps/testkit", module + "/machine", ""},
		{"transport/client", module + "/transport/access", "may not import"},
		{"transport", module + "/machine", "may not import"},
		{"machine/catalogue", module + "/machine", "may not import"},
		{"transport/wire", "net", "may not import"},
	} {
		got := strings.Join(roomProblems(listed{ImportPath: module + "/" + test.from, Imports: []string{test.imported}}), "; ")
		if test.want == "" && got != "" || !strings.Contains(got, test.want) {
			t.Errorf("%s importing %s: got %q, want %q", test.from, test.imported, got, test.want)
		}
	}
}

func TestRoomsStaySmall(t *testing.T) {
	t.Parallel()
	for _, p := range listPackages(t) {
		if isTestSupport(p.ImportPath) {
			continue
		}
		if _, large := largeRooms[roomOf(p)]; large && len(p.GoFiles) <= maxRoomFiles {
			t.Errorf("%s has %d files: it needs no exception in largeRooms any more", roomOf(p), len(p.GoFiles))
		}
		if problem := sizeProblem(roomOf(p), len(p.GoFiles)); problem != "" {
			t.Error(problem)
		}
		files := map[string]any{}
		for _, name := range p.GoFiles {
			files[filepath.Join(p.Dir, name)] = nil
		}
		for _, problem := range typeProblems(t, roomOf(p), files) {
			t.Error(problem)
		}
	}
}

func TestSizeRulesRefuse(t *testing.T) {
	t.Parallel()
	for name, sizes := range map[string]struct{ right, wrong int }{
		"store": {25, 26}, command: {largeRooms[command], largeRooms[command] + 1},
	} {
		if problem := sizeProblem(name, sizes.right); problem != "" {
			t.Errorf("%d files: %s", sizes.right, problem)
		}
		if problem := sizeProblem(name, sizes.wrong); !strings.Contains(problem, name) {
			t.Errorf("%s of %d files: got %q", name, sizes.wrong, problem)
		}
	}
	// Both kinds of receiver count, of a type with parameters too.
	source := func(file, methods int) string {
		var b strings.Builder
		b.WriteString("package p\n")
		for i := range methods {
			fmt.Fprintf(&b, "func (h *Hall) M%d_%d() {}\nfunc (Small) M%d_%d() {}\nfunc (g *General[T]) M%d_%d() {}\n", file, i, file, i, file, i)
		}
		return b.String()
	}
	for name, test := range map[string]struct {
		files, methods int
		want           []string
	}{
		"small":        {10, 4, nil},
		"many methods": {1, 41, []string{"p.General has 41 methods", "p.Hall has 41 methods", "p.Small has 41 methods"}},
		"many files": {11, 1, []string{"p.General has 11 methods in 11 files", "p.Hall has 11 methods in 11 files",
			"p.Small has 11 methods in 11 files"}},
	} {
		files := map[string]any{}
		for i := range test.files {
			files[fmt.Sprintf("f%d.go", i)] = source(i, test.methods)
		}
		got := typeProblems(t, "p", files)
		if len(got) != len(test.want) || !slices.EqualFunc(got, test.want, strings.Contains) {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

// roomOf returns the path of a package within the module.
func roomOf(p listed) string { return strings.TrimPrefix(p.ImportPath, module+"/") }

// roomProblems returns what one package does against the rules of its room.
func roomProblems(p listed) []string {
	name := roomOf(p)
	rules, ruled := roomImports[name]
	folder := folderOf(p.ImportPath)
	inRoom := func(other string) bool { return folderOf(module+"/"+other) == folder }
	switch {
	case isTestSupport(p.ImportPath):
		return nil
	case !ruled && slices.ContainsFunc(slices.Collect(maps.Keys(roomImports)), inRoom):
		return []string{fmt.Sprintf("%s: no rule for this room: give it one in roomImports", name)}
	case !ruled:
		return nil
	}
	var problems []string
	for _, imported := range p.Imports {
		if other, ours := strings.CutPrefix(imported, module+"/"); ours && !slices.Contains(rules.ours, other) {
			problems = append(problems, fmt.Sprintf("%s may not import %s: it may import %v of ours", name, other, rules.ours))
		}
		for alone := range aloneImport {
			if below(imported, alone) && !slices.Contains(addressForms, imported) && !slices.Contains(rules.others, alone) {
				problems = append(problems, fmt.Sprintf("%s may not import %s: it may import %v of others", name, imported, rules.others))
			}
		}
	}
	return problems
}

// sizeProblem says what is wrong with a room of so many files, or nothing.
func sizeProblem(name string, files int) string {
	most := maxRoomFiles
	if exception, large := largeRooms[name]; large {
		most = exception
	}
	if files <= most {
		return ""
	}
	return fmt.Sprintf("%s has %d files without its tests, and may have %d: ask which two things it is", name, files, most)
}

// typeProblems returns the types of a room that gather too much. The values of
// files are sources as parser.ParseFile takes them, nil for those on disk.
func typeProblems(t *testing.T, name string, files map[string]any) []string {
	t.Helper()
	methods, spread := map[string]int{}, map[string]int{}
	for _, file := range slices.Sorted(maps.Keys(files)) {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, files[file], parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		here := map[string]int{}
		for _, declared := range parsed.Decls {
			if f, isFunc := declared.(*ast.FuncDecl); isFunc && f.Recv != nil {
				here[receiver(f.Recv.List[0].Type)]++
			}
		}
		for of, n := range here {
			methods[of] += n
			spread[of]++
		}
	}
	var problems []string
	for _, of := range slices.Sorted(maps.Keys(methods)) {
		if methods[of] > maxTypeMethods || spread[of] > maxTypeFiles {
			problems = append(problems, fmt.Sprintf("%s.%s has %d methods in %d files, and may have %d in %d: ask which two things it is",
				name, of, methods[of], spread[of], maxTypeMethods, maxTypeFiles))
		}
	}
	return problems
}

// receiver returns the name of a method's type.
func receiver(expression ast.Expr) string {
	switch e := expression.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.IndexListExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}
