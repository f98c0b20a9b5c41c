package main

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/config/configtest"
	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/samples"
	"dbcalm-db-cmd/transport/client"
)

// clientCommands is each command that speaks to the daemon.
var clientCommands = [][]string{
	{"backup", "full", "a"},
	{"backup", "incremental", "a", "--from", "b"},
	{"restore", "full-1", "--target", "folder"},
	{"backups", "list"},
	{"backups", "delete", "a"},
	{"operations", "list"},
	{"operations", "show", "a"},
	{"operations", "cancel", samples.FirstID},
	{"operations", "retry", samples.FirstID},
}

// What goes wrong between client and daemon ends every command the same way.
func TestDaemonErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		code int
		says string
	}{
		{refusal, exitRefused, "refused: Backup with id 'full-1' already exists (409 Conflict)\n"},
		{&client.Refusal{Code: 500, Status: "Internal Server Error"}, exitRefused, "the daemon answered 500 Internal Server Error\n"},
		{noDaemon, exitUnreachable, "/run/x.sock"},
		{errors.New("read the daemon's answer: end of file"), exitUnreachable, "read the daemon's answer: end of file\n"},
		{context.DeadlineExceeded, exitUnreachable, "no answer from the daemon within 30s"},
		{context.Canceled, exitInterrupted, "interrupted before the daemon answered"},
	} {
		for _, args := range clientCommands {
			in := newInvocation(t, &failingDaemon{fakeDaemon{err: c.err, backups: samples.Backups()}})
			in.expect(t, c.code, append(args, "--socket", "/x")...)
			contains(t, "stderr", in.stderr.String(), "dbcalm-db-cmd: ", c.says)
			if in.stdout.Len() > 0 {
				t.Errorf("%q: stdout: %s", args, &in.stdout)
			}
		}
	}
}

func TestSocketComesFromTheConfiguration(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--config", "testdata/config/full.yml"}, "/srv/run/db-cmd.sock"},
		// Only socket_path has to be right for a client.
		{[]string{"--config", "testdata/config/broken.yml"}, "/var/run/dbcalm/db-cmd.sock"},
		{[]string{"--socket", "/my.sock", "--config", "testdata/config/full.yml"}, "/my.sock"},
		{[]string{"--socket", "/my.sock", "--config", "/no/such/file.yml"}, "/my.sock"},
	} {
		in := newInvocation(t, nil)
		var dialled string
		in.conversation.dial = func(socket string) daemon {
			dialled = socket
			return &fakeDaemon{}
		}
		in.expect(t, exitOK, append([]string{"backups", "list"}, c.args...)...)
		if dialled != c.want {
			t.Errorf("%q: dialled %q, want %q", c.args, dialled, c.want)
		}
	}
}

func TestClientWithoutAUsableConfiguration(t *testing.T) {
	t.Parallel()
	for config, says := range map[string]string{
		filepath.Join(t.TempDir(), "none.yml"):                       "none.yml: no such file",
		configtest.Write(t, configtest.Minimal+"socket_path: run/x"): `:3: socket_path: "run/x": give an absolute path`,
	} {
		for _, args := range clientCommands {
			in := newInvocation(t, nil)
			in.expect(t, exitConfig, append(args, "--config", config)...)
			contains(t, "stderr", in.stderr.String(), says, "--socket")
		}
	}
}

func TestNoDaemonOnTheRealSocket(t *testing.T) {
	t.Parallel()
	in := overTheWire(t)
	socket := filepath.Join(t.TempDir(), "none.sock")
	in.expect(t, exitUnreachable, "operations", "list", "--socket", socket)
	contains(t, "stderr", in.stderr.String(), socket, "no such file or directory", "start it")
}
