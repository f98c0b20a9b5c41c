package store_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/testkit"
)

func TestSealListsEveryFileWithItsHash(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	content := map[string]string{"ibdata1": "a", "shop/orders.ibd": "bb", "shop/empty.frm": "", "mysql/x/y": "ccc",
		store.ManifestName: "an old one"}
	testkit.Write(t, dir, content)
	if err := os.Mkdir(filepath.Join(dir, "emptydb"), 0o750); err != nil {
		t.Fatal(err)
	}
	files, folders, err := store.SealTree(t.Context(), dir, 3, store.DescribeFile)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"emptydb", "mysql", "mysql/x", "shop"}; !slices.Equal(folders, want) {
		t.Errorf("folders are %q, want %q", folders, want)
	}
	if len(files) != 4 {
		t.Errorf("files are %+v", files)
	}
	for _, f := range files {
		sum := sha256.Sum256([]byte(content[f.Path]))
		if f.Size != int64(len(content[f.Path])) || f.SHA256 != hex.EncodeToString(sum[:]) {
			t.Errorf("%+v does not describe %q", f, content[f.Path])
		}
	}
}

func TestSealRefusesWhatIsNoFile(t *testing.T) {
	t.Parallel()
	for name, create := range map[string]func(string) error{
		"a link": func(path string) error { return os.Symlink("/etc/passwd", path) },
		"a pipe": func(path string) error { return syscall.Mkfifo(path, 0o600) },
	} {
		dir := t.TempDir()
		testkit.Write(t, dir, map[string]string{"shop/orders.ibd": "a"})
		if err := create(filepath.Join(dir, "shop", "strange")); err != nil {
			t.Fatal(err)
		}
		_, _, err := store.SealTree(t.Context(), dir, 2, store.DescribeFile)
		testkit.Says(t, err, filepath.Join(dir, "shop", "strange")+" is neither a file nor a folder")
		if err == nil {
			t.Errorf("%s was sealed", name)
		}
	}
}

func TestSealEndsWithItsContext(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	testkit.Write(t, dir, map[string]string{"a": "a", "b": "b"})
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(job.ErrCancelled)
	if _, _, err := store.SealTree(ctx, dir, 2, store.DescribeFile); !errors.Is(err, job.ErrCancelled) {
		t.Errorf("got %v", err)
	}
}

func TestManifestIsRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := store.ReadManifest(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("none: %v", err)
	}
	testkit.Write(t, dir,
		map[string]string{store.ManifestName: `{"format":1,"id":"b","parent_id":"a","to_lsn":18446744073709551615,"of_the_future":true}`})
	m, err := store.ReadManifest(dir)
	if err != nil || m.ID != "b" || m.ParentID != "a" || m.ToLSN != 1<<64-1 {
		t.Errorf("got %+v, %v", m, err)
	}
	for text, want := range map[string]string{
		"":             "read manifest of " + dir,
		`{"format":1,`: "unexpected end of JSON input",
		`{"format":3}`: "its format 3 is newer than this program's 2",
	} {
		testkit.Write(t, dir, map[string]string{store.ManifestName: text})
		_, err := store.ReadManifest(dir)
		testkit.Says(t, err, want)
	}
}

func TestFilesAreComparedWithTheManifest(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		spoil func(folder string) error
		want  string
	}{
		"whole":    {func(string) error { return nil }, ""},
		"one more": {func(folder string) error { return os.WriteFile(filepath.Join(folder, "more"), nil, 0o600) }, ""},
		"one less": {func(folder string) error { return os.Remove(filepath.Join(folder, "shop", "orders.ibd")) },
			"backup 'full' is damaged: file shop/orders.ibd is missing; use another chain"},
		"a shorter one": {func(folder string) error { return os.Truncate(filepath.Join(folder, "shop", "orders.ibd"), 2) },
			"file shop/orders.ibd has 2 bytes instead of 4; use another chain"},
		"a longer one": {func(folder string) error { return os.Truncate(filepath.Join(folder, "shop", "orders.ibd"), 9) },
			"file shop/orders.ibd has 9 bytes instead of 4"},
		"a folder missing": {func(folder string) error { return os.RemoveAll(filepath.Join(folder, "shop")) }, "file shop/orders.ibd is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newStore(t)
			h.Backup("full", "", "0", "100", map[string]string{"shop/orders.ibd": "rows"})
			if err := test.spoil(h.Folder("full")); err != nil {
				t.Fatal(err)
			}
			_, err := h.Chain(t.Context(), []string{"full"})
			if test.want != "" {
				testkit.Says(t, err, test.want)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestEachFile(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 7, 100} {
		for _, parallel := range []int{0, 1, 8} {
			done := make([]atomic.Int32, n)
			if err := disk.EachFile(t.Context(), parallel, n, func(i int) error { done[i].Add(1); return nil }); err != nil {
				t.Errorf("%d by %d: %v", n, parallel, err)
			}
			for i := range done {
				if times := done[i].Load(); times != 1 {
					t.Errorf("%d by %d: number %d was done %d times", n, parallel, i, times)
				}
			}
		}
	}
	luck := errors.New("no luck")
	var done atomic.Int32
	err := disk.EachFile(t.Context(), 1, 1000, func(i int) error {
		done.Add(1)
		if i == 3 {
			return luck
		}
		return nil
	})
	if !errors.Is(err, luck) || done.Load() > 6 {
		t.Errorf("%v after %d files", err, done.Load())
	}
	if err := disk.EachFile(t.Context(), 4, 1, func(int) error { return luck }); !errors.Is(err, luck) {
		t.Errorf("of one: %v", err)
	}
}
