package main

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/config"
	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/samples"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// invocation is the program with a stand-in for all that is outside it.
type invocation struct {
	*app
	stdout, stderr bytes.Buffer
}

// newInvocation returns a program whose daemon is d, on a machine with 8 CPUs
// and 16 GiB of memory where mariadb-backup is installed.
func newInvocation(t *testing.T, d daemon) *invocation {
	t.Helper()
	in := &invocation{}
	in.app = newApp(strings.NewReader(""), &in.stdout, &in.stderr, func(string) string { return "" })
	in.source.host = testHost()
	in.source.exposures = func(*config.Config) []error { return nil }
	in.screen.Now = func() time.Time { return samples.Noon }
	in.conversation.dial = func(string) daemon {
		if d == nil {
			t.Error("the daemon was asked")
		}
		return d
	}
	return in
}

// testHost is a machine where only mariadb-backup is installed.
func testHost() config.Host {
	const tool = "/usr/bin/mariadb-backup"
	return config.Host{
		CPUs:    8,
		Memory:  16 << 30,
		Program: func(name string) (string, bool) { return tool, name == tool || name == filepath.Base(tool) },
		Group:   func(name string) bool { return name == "dbcalm" },
		User:    func(name string) bool { return name == "alice" || name == "1001" },
	}
}

// expect runs a command line and checks its exit code.
func (in *invocation) expect(t *testing.T, code int, args ...string) {
	t.Helper()
	in.expectContext(t.Context(), t, code, args...)
}

func (in *invocation) expectContext(ctx context.Context, t *testing.T, code int, args ...string) {
	t.Helper()
	if got := in.run(ctx, args); got != code {
		t.Fatalf("%q: exit code %d, want %d\nstdout:\n%s\nstderr:\n%s", args, got, code, &in.stdout, &in.stderr)
	}
}

func contains(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%s lacks %q:\n%s", what, part, text)
		}
	}
}
