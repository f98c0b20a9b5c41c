package disktest

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestDisks(t *testing.T) {
	t.Parallel()
	if !Enter(t) {
		return
	}
	dir := Small(t, 1<<20)
	file := filepath.Join(dir, "file")
	free := Fill(t, dir)
	if err := os.WriteFile(file, make([]byte, 1<<16), 0o600); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("write to the full disk: %v", err)
	}
	free()
	if err := os.WriteFile(file, make([]byte, 1<<16), 0o600); err != nil {
		t.Errorf("write to the disk with room: %v", err)
	}
	SetReadOnly(t, dir)
	if err := os.WriteFile(file, nil, 0o600); !errors.Is(err, unix.EROFS) {
		t.Errorf("write to the read-only disk: %v", err)
	}
	bound := t.TempDir()
	Bind(t, bound)
	if err := os.Remove(bound); !errors.Is(err, unix.EBUSY) {
		t.Errorf("remove a mount point: %v", err)
	}
}

func TestMountsStayWithTheTest(t *testing.T) {
	t.Parallel()
	inside := Enter(t)
	if inside {
		Small(t, 1<<20)
	}
	// The folder that Small mounts on is named for the test.
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	if mounted := strings.Contains(string(mounts), t.Name()); mounted != inside {
		t.Errorf("in the process with mounts of its own: %t; mounted: %t", inside, mounted)
	}
}
