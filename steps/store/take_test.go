package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"dbcalm-db-cmd/steps/disk"
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
	source, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	target, err := os.Create(from + ".copy")
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	if _, err := copyFile(ctx, source, &disk.EagerFile{File: target}); !errors.Is(err, stopped) {
		t.Errorf("a copy under way: %v", err)
	}
}
