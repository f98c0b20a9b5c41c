package main

import (
	"testing"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/samples"
	"dbcalm-db-cmd/machine/api"
)

func TestLogsArePrinted(t *testing.T) {
	t.Parallel()
	d := &fakeDaemon{operations: samples.Operations(), chunks: []api.LogChunk{
		{State: "stream", Attempt: 1, Output: "output.log", Text: "first\n"},
		{},
		{State: "stream", Attempt: 1, Output: "output.log", Text: "second\x1b[0m\n"},
		{State: "stream", Attempt: 1, Output: "shell.log", Text: "sent\n"},
		{State: "stream", Attempt: 2, Output: "output.log", Missing: true},
	}}
	in := newInvocation(t, d)
	in.expect(t, exitOK, "operations", "logs", samples.FirstID, "--follow", "--socket", "/x")
	if got := in.stdout.String(); got != "== stream, attempt 1\nfirst\nsecond\\x1b[0m\n== stream, attempt 1, the command at the "+
		"stream's other end\nsent\n"+
		"== stream, attempt 2\n(no longer kept: see keep_logs_days)\n" {
		t.Errorf("got %q", got)
	}
	if asked := d.asked[len(d.asked)-1]; asked != (askedLogs{samples.FirstID, true}) {
		t.Errorf("asked %v", asked)
	}
	in = newInvocation(t, &fakeDaemon{operations: samples.Operations()})
	in.expect(t, exitOK, "operations", "logs", samples.FirstID, "--socket", "/x")
	contains(t, "stderr", in.stderr.String(), "No program of this operation has printed anything.")
	in = newInvocation(t, &fakeDaemon{operations: samples.Operations(), err: refusal})
	in.expect(t, exitRefused, "operations", "logs", samples.FirstID, "--socket", "/x")
}
