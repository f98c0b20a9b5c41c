package disk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/testkit"
)

// What others can put in a file's place is named and refused, and neither
// waited for nor read.
func TestOnlyRegularFilesAreOpened(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		put  func(path string) error
		want string
	}{
		"a link": {func(path string) error { return os.Symlink("/dev/zero", path) },
			"refused: it is a link, and only regular files are read here"},
		"a link to a file": {func(path string) error { return os.Symlink("other", path) }, "refused: it is a link"},
		"a pipe":           {func(path string) error { return unix.Mkfifo(path, 0o600) }, "refused: it is a named pipe"},
		"a folder":         {func(path string) error { return os.Mkdir(path, 0o700) }, "refused: it is a folder"},
		"a hard link": {func(path string) error { return os.Link(filepath.Join(filepath.Dir(path), "other"), path) },
			"refused: it has 2 names (hard links), and who holds another may change it: replace it by a copy"},
	} {
		dir := t.TempDir()
		testkit.Write(t, dir, map[string]string{"other": "text"})
		if err := test.put(filepath.Join(dir, "file")); err != nil {
			t.Fatal(err)
		}
		_, err := ReadSmall(dir, "file", 100)
		testkit.Says(t, err, "open "+filepath.Join(dir, "file"), test.want)
		if !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNothingIsReachedThroughALinkBelow(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	testkit.Write(t, dir, map[string]string{"away/file": "text", "in/real/file": "text"})
	if err := os.Symlink("../away", filepath.Join(dir, "in", "link")); err != nil {
		t.Fatal(err)
	}
	in := filepath.Join(dir, "in")
	if text, err := ReadSmall(in, "real/file", 4); err != nil || string(text) != "text" {
		t.Errorf("below a folder: %q, %v", text, err)
	}
	for _, name := range []string{"link/file", "../away/file", filepath.Join(dir, "away", "file"), ""} {
		if f, err := OpenRegular(in, name); err == nil {
			f.Close()
			t.Errorf("%q was opened", name)
		}
		if f, err := Create(in, name+"new", 0o600); err == nil && name != "" {
			f.Close()
			t.Errorf("%q was made", name)
		}
		if err := Remove(in, name); err == nil {
			t.Errorf("%q was removed", name)
		}
	}
	if err := MakeBelow(in, "../made", 0o750); err == nil {
		t.Error("a folder was made outside")
	}
	if got := testkit.Tree(t, filepath.Join(dir, "away")); len(got) != 1 {
		t.Errorf("outside there is %v", got)
	}
	_, err := ReadSmall(in, "real/file", 3)
	testkit.Says(t, err, "is too large: it has more than 3 B")
	if !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
}

// A link in a folder's place is followed where root or our own user made it.
func TestForeignLinkToFolderIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	testkit.Write(t, dir, map[string]string{"disk/backup/file": "text"})
	link := filepath.Join(dir, "link")
	if err := os.Symlink("disk/../disk", link); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(link, "backup")
	if text, err := ReadSmall(folder, "file", 10); err != nil || string(text) != "text" {
		t.Errorf("through our own link: %q, %v", text, err)
	}
	if entries, err := ReadDir(folder); err != nil || len(entries) != 1 {
		t.Errorf("listed through our own link: %v, %v", entries, err)
	}
	if os.Geteuid() != 0 {
		return
	}
	if err := os.Lchown(link, 12345, 12345); err != nil {
		t.Fatal(err)
	}
	_, err := ReadSmall(folder, "file", 10)
	testkit.Says(t, err, "refused: link is a link of user 12345, and only root's and our own are followed: remove it, or let root make it")
	for name, err := range map[string]error{
		"rename": RenameNew(filepath.Join(folder, "file"), filepath.Join(dir, "moved")),
		"remove": RemoveAll(folder),
		"write":  WriteDurably(filepath.Join(folder, "new"), nil, 0o600),
		"adopt":  AdoptOwner(folder, dir),
	} {
		if !errors.Is(err, ErrRefused) {
			t.Errorf("%s through it: %v", name, err)
		}
	}
	loop := filepath.Join(dir, "loop")
	if err := os.Symlink("loop", loop); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadDir(loop); !errors.Is(err, unix.ELOOP) {
		t.Errorf("a link to itself: %v", err)
	}
}

// What is left at the temporary name of a file may be a link to another.
func TestWriteDurablyWritesThroughNoLink(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	testkit.Write(t, dir, map[string]string{"precious": "text"})
	for _, put := range []func(from, to string) error{os.Symlink, os.Link} {
		if err := put(filepath.Join(dir, "precious"), filepath.Join(dir, "file"+TemporarySuffix)); err != nil {
			t.Fatal(err)
		}
		if err := WriteDurably(filepath.Join(dir, "file"), []byte("new"), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := testkit.Tree(t, dir); got["precious"] != "text" || got["file"] != "new" {
			t.Errorf("there is %v", got)
		}
	}
}

func TestRemoveAllFollowsNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	testkit.Write(t, dir, map[string]string{"kept/file": "text", "gone/a/b": ""})
	if err := os.Symlink("../kept", filepath.Join(dir, "gone", "link")); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := RemoveAll(filepath.Join(dir, "gone")); err != nil {
			t.Error(err)
		}
	}
	if err := RemoveAll(filepath.Join(dir, "none", "gone")); err != nil {
		t.Error(err)
	}
	if got := testkit.Tree(t, dir); len(got) != 2 || got["kept/file"] != "text" {
		t.Errorf("there is %v", got)
	}
	if err := Remove(dir, "none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what is not there: %v", err)
	}
}

func TestAdoptOwnerLeavesOthersFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	testkit.Write(t, dir, map[string]string{"precious": "text", "tree/a/file": ""})
	if err := AdoptOwner(filepath.Join(dir, "tree"), dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(filepath.Join(dir, "precious"), filepath.Join(dir, "tree", "a", "other")); err != nil {
		t.Fatal(err)
	}
	testkit.Says(t, AdoptOwner(filepath.Join(dir, "tree"), dir), "refused: a/other has 2 names (hard links)")
}
