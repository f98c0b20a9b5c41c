package main

import (
	"fmt"
	"go/doc"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// wayWords say what goes along the imports between the folders through which
// an operation goes. cmd puts them together and is not on the way.
var wayWords = map[[2]string]string{
	{"transport", "machine"}:   "a request",
	{"machine", "steps"}:       "the step of each state",
	{"machine", "persistence"}: "every transition, before the next begins",
	{"steps", "persistence"}:   "what is known of backups",
}

// docsWay draws the way of an operation by what imports what.
func docsWay(t *testing.T) string {
	packages := listPackages(t)
	imports := map[[2]string]bool{}
	var rooms []string
	for _, p := range packages {
		from := folderOf(p.ImportPath)
		if slices.Contains(testSupport, p.ImportPath) || from == "cmd" {
			continue
		}
		if room, below := strings.CutPrefix(p.ImportPath, module+"/steps/"); below && !isTestSupport(p.ImportPath) {
			rooms = append(rooms, room)
		}
		for _, imported := range p.Imports {
			if slices.Contains(everybody, imported) {
				continue
			}
			if to := folderOf(imported); to != "" && to != from {
				imports[[2]string{from, to}] = true
			}
		}
	}
	var b strings.Builder
	b.WriteString("flowchart TB\n" +
		"    client([\"a program, or this command line\"]) -- a JSON object on a Unix socket --> transport\n")
	for _, edge := range slices.SortedFunc(maps.Keys(imports), compareEdges) {
		words := wayWords[edge]
		if words == "" {
			t.Errorf("%s imports %s: say in wayWords what goes along there", edge[0], edge[1])
		}
		fmt.Fprintf(&b, "    %s -- %s --> %s\n", edge[0], words, edge[1])
	}
	for edge := range wayWords {
		if !imports[edge] {
			t.Errorf("%s does not import %s, and wayWords say that something goes along there", edge[0], edge[1])
		}
	}
	fmt.Fprintf(&b, "    machine[\"machine<br>a full backup: %s\"]\n", strings.Join(fullBackupStates(t), ", "))
	fmt.Fprintf(&b, "    steps[\"steps<br>%s\"]\n", strings.Join(rooms, ", "))
	b.WriteString("    steps -. starts .-> supervisor([a supervisor for each job]) -. runs .-> tool([mariadb-backup or xtrabackup])\n" +
		"    persistence -. writes .-> file[(the SQLite file)] -. is read by .-> client\n")
	return fenced("mermaid", b.String())
}

func compareEdges(x, y [2]string) int { return slices.Compare(x[:], y[:]) }

// drawnArrow is an arrow of a machine as Mermaid has it.
var drawnArrow = regexp.MustCompile(`(?m)^    ([a-z_]+) --> ([a-z_]+): (.*)$`)

// interruptions are the events that a drawing of how a machine runs does
// without.
var interruptions = []string{"adopt", "redo", "rewind", "exhausted", "cancel", "retry"}

// arrowsOf returns the arrows of a machine, in the order of its definition.
func arrowsOf(t *testing.T, machine string) [][]string {
	t.Helper()
	graph := newInvocation(t, nil)
	graph.expect(t, exitOK, "machine", "graph", machine, "--format", "mermaid")
	arrows := drawnArrow.FindAllStringSubmatch(graph.stdout.String(), -1)
	if len(arrows) == 0 {
		t.Fatalf("the machine %s has no arrows", machine)
	}
	return arrows
}

// fullBackupStates are those that a full backup stored as files goes through.
func fullBackupStates(t *testing.T) []string {
	t.Helper()
	next := map[string]string{}
	for _, arrow := range arrowsOf(t, "full_backup") {
		for event := range strings.SplitSeq(arrow[3], ", ") {
			if event == "start" || event == "ok" {
				next[arrow[1]] = arrow[2]
			}
		}
	}
	var states []string
	for state := "queued"; state != "" && len(states) <= len(next); state = next[state] {
		states = append(states, state)
	}
	return states
}

// docsFullBackup draws how a full backup runs while nothing interrupts it.
func docsFullBackup(t *testing.T) string {
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n    [*] --> queued: accept\n")
	for _, arrow := range arrowsOf(t, "full_backup") {
		events := slices.DeleteFunc(strings.Split(arrow[3], ", "), func(event string) bool { return slices.Contains(interruptions, event) })
		if len(events) > 0 {
			fmt.Fprintf(&b, "    %s --> %s: %s\n", arrow[1], arrow[2], strings.Join(events, ", "))
		}
	}
	return fenced("mermaid", b.String())
}

// docsFolders lists the packages with the first sentence of what each says of
// itself.
func docsFolders(t *testing.T) string {
	rows := [][]string{{"Folder", ""}}
	for line := range strings.Lines(output(t, "go", "list", "-f", "{{.ImportPath}}\t{{.Doc}}", "./...")) {
		path, sentence, _ := strings.Cut(strings.TrimSpace(line), "\t")
		folder := strings.TrimPrefix(path, module+"/")
		if sentence == "" {
			sentence = testDoc(t, folder)
		}
		rows = append(rows, []string{fmt.Sprintf("[%s](../%s)", folder, folder), withoutSubject(sentence)})
	}
	return markdown(rows)
}

// testDoc is the first sentence about a package that has tests only.
func testDoc(t *testing.T, folder string) string {
	t.Helper()
	path := filepath.Join(moduleTop, folder, "doc_test.go")
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.PackageClauseOnly)
	if err != nil {
		t.Fatalf("%s says nothing of itself: %v", folder, err)
	}
	return new(doc.Package).Synopsis(file.Doc.Text())
}

// packageSubject is what Go has a package's comment begin with.
var packageSubject = regexp.MustCompile(`^(Package|Command) [a-z0-9-]+ `)

func withoutSubject(sentence string) string {
	return strings.TrimSuffix(packageSubject.ReplaceAllString(sentence, ""), ".")
}
