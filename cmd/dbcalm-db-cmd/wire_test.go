package main

import (
	"context"
	"path/filepath"
	"testing"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/samples"
	"dbcalm-db-cmd/steps/testkit"
	"dbcalm-db-cmd/transport"
)

// Client and daemon speak over a real socket here, so that what a command
// prints is what the wire carries.
func TestCommandsOverTheWire(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "db-cmd.sock")
	d := &fakeDaemon{id: samples.FirstID, operations: samples.Operations(), backups: samples.Backups(), views: []any{samples.Succeeded()}}
	listen(t, d, socket)

	for _, c := range []struct {
		args   []string
		golden string
	}{
		{[]string{"operations", "list"}, "operations/list.txt"},
		{[]string{"operations", "list", "--json"}, "operations/list.json"},
		{[]string{"operations", "show", "8f1"}, "operations/show_succeeded.txt"},
		{[]string{"backups", "list"}, "backups/list.txt"},
	} {
		in := overTheWire(t)
		in.expect(t, exitOK, append(c.args, "--socket", socket)...)
		testkit.Golden(t, c.golden, in.stdout.String())
	}

	in := overTheWire(t)
	in.expect(t, exitOK, "restore", "inc-2", "--target", "folder", "--wait", "--socket", socket)
	contains(t, "stdout", in.stdout.String(), samples.FirstID+"\n", "succeeded in 1h2m3s\n")

	in = overTheWire(t)
	in.expect(t, exitRefused, "backup", "full", "not/an/id", "--socket", socket)
	contains(t, "stderr", in.stderr.String(), "refused: ", "not/an/id", "(400 Bad Request)")
}

func overTheWire(t *testing.T) *invocation {
	t.Helper()
	in := newInvocation(t, nil)
	in.conversation.dial = newApp(nil, nil, nil, func(string) string { return "" }).conversation.dial
	return in
}

// listen serves until the test ends.
func listen(t *testing.T, service transport.Service, socket string) {
	t.Helper()
	server := transport.New(service, transport.Options{SocketPath: socket})
	if err := server.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
