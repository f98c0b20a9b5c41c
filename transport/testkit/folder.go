package transporttest

import (
	"os"
	"testing"
)

// Folder returns a new folder with a path short enough for sockets.
func Folder(t testing.TB) string {
	t.Helper()
	path, err := os.MkdirTemp("", "dbc")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(path); err != nil {
			t.Error(err)
		}
	})
	return path
}
