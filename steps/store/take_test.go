package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestCopyEndsWithItsContext(t *testing.T) {
	t.Parallel()
	stopped := errors.New("stopped")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stopped)
	from := filepath.Join(t.TempDir(), "ibdata1")
	if err := os.WriteFile(from, []byte("system"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := copyFile(ctx, from, from+".copy"); !errors.Is(err, stopped) {
		t.Errorf("a copy under way: %v", err)
	}
}
