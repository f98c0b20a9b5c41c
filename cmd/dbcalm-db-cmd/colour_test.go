package main

import (
	"regexp"
	"strings"
	"testing"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/samples"
)

var escape = regexp.MustCompile("\x1b\\[[0-9;]*m")

// onTerminal runs a command line whose stdout is a terminal.
func onTerminal(t *testing.T, d daemon, environment map[string]string, args ...string) string {
	t.Helper()
	tty := newTerminal(t)
	in := &invocation{}
	in.app = newApp(strings.NewReader(""), tty.File, &in.stderr, func(name string) string { return environment[name] })
	replaced := newInvocation(t, d)
	in.source.host, in.screen.Now, in.conversation.dial = replaced.source.host, replaced.screen.Now, replaced.conversation.dial
	in.expect(t, exitOK, args...)
	return tty.shown(t)
}

func TestStatusesAreColouredOnATerminal(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args  []string
		wants []string
	}{
		{[]string{"operations", "list"}, []string{
			"  \x1b[36mrunning\x1b[0m\n", "  \x1b[32msucceeded\x1b[0m\n", "  \x1b[31mfailed\x1b[0m: The backup disk is full", "  waiting\n",
		}},
		{[]string{"operations", "show", samples.FirstID}, []string{"Status     \x1b[31mfailed\x1b[0m\n", "\n\x1b[31mError\x1b[0m\n"}},
	} {
		d := &fakeDaemon{operations: samples.Operations(), views: []any{samples.Failed()}}
		args := append(c.args, "--socket", "/x")
		coloured := onTerminal(t, d, nil, args...)
		contains(t, "the terminal", coloured, c.wants...)

		// Without the colours it is what others get: the columns keep their places.
		plain := newInvocation(t, d)
		plain.expect(t, exitOK, args...)
		if got := escape.ReplaceAllString(coloured, ""); got != plain.stdout.String() {
			t.Errorf("%q: on a terminal\n%s\nelsewhere\n%s", args, got, &plain.stdout)
		}
		if escape.MatchString(plain.stdout.String()) {
			t.Errorf("%q: colours in a file:\n%q", args, &plain.stdout)
		}
		for _, environment := range []map[string]string{{"NO_COLOR": "1"}, {"TERM": "dumb"}} {
			if got := onTerminal(t, d, environment, args...); got != plain.stdout.String() {
				t.Errorf("%q with %v:\n%q", args, environment, got)
			}
		}
	}
}

func TestJSONIsNeverColoured(t *testing.T) {
	t.Parallel()
	d := &fakeDaemon{operations: samples.Operations()}
	if got := onTerminal(t, d, nil, "operations", "list", "--json", "--socket", "/x"); escape.MatchString(got) {
		t.Errorf("got %q", got)
	}
}
