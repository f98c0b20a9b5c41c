package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/machine/definition"
	"dbcalm-db-cmd/steps/testkit"
)

func TestManualListsItsPages(t *testing.T) {
	t.Parallel()
	in := newInvocation(t, nil)
	in.expect(t, exitOK, "manual")
	testkit.Golden(t, "manual/list.txt", in.stdout.String())

	in = newInvocation(t, nil)
	in.expect(t, exitOK, "manual", "--json")
	var views []pageView
	if err := json.Unmarshal(in.stdout.Bytes(), &views); err != nil || len(views) < 10 || views[0].Page == "" || views[0].Subject == "" {
		t.Errorf("%+v, %v", views, err)
	}
}

func TestManualPrintsAPage(t *testing.T) {
	t.Parallel()
	in := newInvocation(t, nil)
	in.source.env = func(name string) string { return map[string]string{"PAGER": "no-such-pager"}[name] }
	in.expect(t, exitOK, "manual", "restore")
	if !strings.HasPrefix(in.stdout.String(), "# Restore a database\n\n") || in.stderr.Len() > 0 {
		t.Errorf("got %s, %s", &in.stdout, &in.stderr)
	}
	contains(t, "the page", in.stdout.String(),
		"sudo dbcalm-db-cmd restore tuesday --target database --wait", "comes back through `retrieve` (`dbcalm-db-cmd manual\nstreams`)")
}

// The page of the machines is what machine show prints of them.
func TestManualHasEveryMachine(t *testing.T) {
	t.Parallel()
	in := newInvocation(t, nil)
	in.expect(t, exitOK, "manual", "machines")
	for _, name := range definition.Names() {
		show := newInvocation(t, nil)
		show.expect(t, exitOK, "machine", "show", name)
		text := strings.TrimSuffix(show.stdout.String(), definition.Legend())
		indented := strings.ReplaceAll("\n"+strings.TrimRight(text, "\n"), "\n", "\n    ")
		contains(t, "the page", in.stdout.String(), "## "+name+"\n"+indented+"\n")
	}
}

func TestManualIsPaged(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		env        map[string]string
		less       string
		want, said string
	}{
		"by $PAGER":                    {map[string]string{"PAGER": "sed -n 1p"}, "/bin/false", "# Restore a database\n", ""},
		"by less":                      {nil, "/usr/bin/env", "LESS=", ""},
		"not at all without a program": {nil, "", "# Restore a database\n\n", ""},
		"not on a dumb terminal":       {map[string]string{"PAGER": "sed -n 1p", "TERM": "dumb"}, "", "# Restore a database\n\n", ""},
		"plainly if it is not there": {
			map[string]string{"PAGER": "no-such-pager"}, "", "# Restore a database\n\n", `the pager cannot be run: "no-such-pager"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			screen, in := newTerminal(t), newInvocation(t, nil)
			in.screen.Out = screen.File
			in.source.env = func(name string) string { return test.env[name] }
			in.source.host.Program = func(string) (string, bool) { return test.less, test.less != "" }
			in.expect(t, exitOK, "manual", "restore")
			shown := screen.shown(t)
			contains(t, "the screen", shown, test.want)
			contains(t, "stderr", in.stderr.String(), test.said)
			if paged := !strings.HasSuffix(test.want, "\n\n"); paged == strings.Contains(shown, "sudo systemctl stop mariadb") {
				t.Errorf("shown is\n%s", shown)
			}
		})
	}
}

func TestManualRefuses(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"manual nonsense":       `the manual has no page "nonsense": use one of commands, configuration, `,
		"manual restore verify": "name one page, not 2",
		"manual restore --json": "--json is for the list of pages",
	} {
		in := newInvocation(t, nil)
		in.expect(t, exitUsage, strings.Fields(line)...)
		contains(t, line, in.stderr.String(), want, "see dbcalm-db-cmd manual --help")
	}
}

func TestPagesAreCompleted(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"manual re": "rebuild\tRecord backups whose record is lost\nreplica\tBuild a replica from a backup\n" +
			"restore\tRestore a database\nretention\tLet old backups go\n:4\n",
		"manual restore ": ":4\n",
	} {
		in := newInvocation(t, nil)
		in.expect(t, exitOK, append([]string{"__complete"}, strings.Split(line, " ")...)...)
		if got := in.stdout.String(); got != want {
			t.Errorf("%q offers %q, want %q", line, got, want)
		}
	}
}

func TestManualForMan(t *testing.T) {
	t.Parallel()
	folder, in := t.TempDir(), newInvocation(t, nil)
	in.source.env = func(name string) string { return map[string]string{sourceDate: "86400"}[name] }
	in.expect(t, exitOK, "man", folder)
	pages, err := manualPages()
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		text := readFile(t, filepath.Join(folder, program+"-"+page.Name+".7"))
		contains(t, page.Name, text, page.Title, `"7" "Jan 1970" "dbcalm-db-cmd `)
	}
	contains(t, "a command's page", readFile(t, filepath.Join(folder, program+"-version.8")), `"Jan 1970"`)

	in = newInvocation(t, nil)
	in.source.env = func(name string) string { return map[string]string{sourceDate: "soon"}[name] }
	in.expect(t, exitFailed, "man", folder)
	contains(t, "stderr", in.stderr.String(), `write the manual: $SOURCE_DATE_EPOCH "soon" is no number of seconds`)
}
