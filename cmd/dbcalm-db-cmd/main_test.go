package main

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// noon is the time it is in every test that does not say otherwise.
var noon = time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)

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
	in.host = testHost("/usr/bin/mariadb-backup")
	in.now = func() time.Time { return noon }
	in.dial = func(string) daemon {
		if d == nil {
			t.Error("the daemon was asked")
		}
		return d
	}
	return in
}

func testHost(programs ...string) host {
	return host{
		cpus:   8,
		memory: 16 * gibibyte,
		program: func(name string) (string, bool) {
			for _, path := range programs {
				if path == name || filepath.Base(path) == name {
					return path, true
				}
			}
			return "", false
		},
		group: func(name string) bool { return name == "dbcalm" },
		user:  func(name string) bool { return name == "alice" || name == "1001" },
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

// golden compares got with a file under testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (run the tests with -update to write it)", err)
	}
	if got != string(want) {
		t.Errorf("differs from %s (run with -update if that is right)\ngot:\n%s\nwant:\n%s", path, got, want)
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
