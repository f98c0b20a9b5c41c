package disk

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// stranger is a user who may write a folder above ours.
const stranger = 64648

// foreignLink makes a link as the stranger would, to a folder of root's.
func foreignLink(t *testing.T) (link, target string) {
	t.Helper()
	dir := t.TempDir()
	link, target = filepath.Join(dir, "link"), filepath.Join(dir, "target")
	if err := errors.Join(os.Mkdir(target, 0o700), os.Symlink(target, link), os.Lchown(link, stranger, stranger)); err != nil {
		t.Fatal(err)
	}
	return link, target
}

func TestNothingIsMadeOrSyncedBehindAForeignLink(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(link string) error{
		"folder":         func(link string) error { return MakeFolder(filepath.Join(link, "a", "b"), 0o700) },
		"private folder": func(link string) error { return MakePrivate(filepath.Join(link, "a")) },
		"in its place":   MakePrivate,
		"synced":         SyncDir,
	} {
		link, target := foreignLink(t)
		if err := do(link); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
		if entries, err := os.ReadDir(target); err != nil || len(entries) > 0 {
			t.Errorf("%s: made %v, %v", name, entries, err)
		}
	}
}

func TestPrivateFolderIsOursAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, place := range map[string]func(path string) error{
		"new":  func(string) error { return nil },
		"ours": func(path string) error { return os.Mkdir(path, 0o700) },
		"another's": func(path string) error {
			return errors.Join(os.Mkdir(path, 0o700), os.Lchown(path, stranger, stranger))
		},
		"open":       func(path string) error { return os.Mkdir(path, 0o755) },
		"a file":     func(path string) error { return os.WriteFile(path, nil, 0o600) },
		"a pipe":     func(path string) error { return unix.Mkfifo(path, 0o600) },
		"root's own": func(path string) error { return os.Symlink(dir, path) },
	} {
		path := filepath.Join(dir, name)
		if err := place(path); err != nil {
			t.Fatal(err)
		}
		err := MakePrivate(path)
		if wanted := name == "new" || name == "ours"; wanted != (err == nil) || !wanted && !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A pipe in a file's place keeps nobody waiting.
func TestSyncOfAPipe(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := SyncFile(pipe); !errors.Is(err, ErrRefused) {
		t.Error(err)
	}
}
