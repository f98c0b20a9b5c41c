package testkit

import (
	"os"
	"testing"
)

// leftOutFile names, in the environment, the file that gets a line for each
// test that a short run leaves out, so that none is forgotten: .ci/quick counts
// them.
const leftOutFile = "DBCALM_LEFT_OUT"

// NeedsServer leaves a test out of a short run that uses a database server or
// the tools that come with it. Any other run expects them to be there.
func NeedsServer(t testing.TB) {
	t.Helper()
	leaveOut(t, "it uses a database server or its tools")
}

// Slow leaves a test out of a short run that takes long: a second or more, or,
// with many like it, a good part of one.
func Slow(t testing.TB) {
	t.Helper()
	leaveOut(t, "it takes long")
}

func leaveOut(t testing.TB, why string) {
	t.Helper()
	if !testing.Short() {
		return
	}
	if path := os.Getenv(leftOutFile); path != "" {
		if err := note(path, t.Name()); err != nil {
			t.Fatalf("note that the test is left out: %v", err)
		}
	}
	t.Skip("left out of a short run: " + why)
}

// note adds a line to a file, whole even when others add to it.
func note(path, line string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if _, err := f.WriteString(line + "\n"); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}
