package e2e

import (
	"os"
	"testing"
)

// writeMeasured writes what was measured to a file, unless there is no path.
func writeMeasured(t testing.TB, path, text string) {
	t.Helper()
	if path == "" {
		return
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Error(err)
	}
}
