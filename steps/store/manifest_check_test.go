package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/testkit"
	storetest "dbcalm-db-cmd/steps/testkit/store"
)

const someHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// What would lead out of a backup or its stage is damage, at whatever is
// asked of the backup, and nothing is made or read outside.
func TestForgedManifestIsDamage(t *testing.T) {
	t.Parallel()
	file := func(path string) store.ManifestFile { return store.ManifestFile{Path: path, SHA256: someHash} }
	for name, test := range map[string]struct {
		forge func(m *store.Manifest)
		want  string
	}{
		"a file outside": {func(m *store.Manifest) { m.Files = append(m.Files, file("../../passwd")) },
			`"../../passwd" leads out of the backup`},
		"a file of the root": {func(m *store.Manifest) { m.Files = append(m.Files, file("/etc/passwd")) },
			`"/etc/passwd" leads out of the backup`},
		"a restored file outside": {func(m *store.Manifest) { f := file("../x"); m.Files[0].Plain = &f }, `"../x" leads out of the backup`},
		"a folder outside": {func(m *store.Manifest) { m.Folders = append(m.Folders, "../../made") },
			`"../../made" leads out of the backup`},
		"an unclean name": {func(m *store.Manifest) { m.Files = append(m.Files, file("shop/../x")) },
			`"shop/../x" is no clean name of a file`},
		"no name":             {func(m *store.Manifest) { m.Files = append(m.Files, file("")) }, `"" is no name of a file`},
		"a NUL":               {func(m *store.Manifest) { m.Files = append(m.Files, file("a\x00b")) }, `"a\x00b" is no name of a file`},
		"one twice":           {func(m *store.Manifest) { m.Files = append(m.Files, m.Files[0]) }, "is there twice"},
		"a deep one":          {func(m *store.Manifest) { m.Folders = append(m.Folders, strings.Repeat("a/", 16)+"a") }, "is too deep"},
		"itself":              {func(m *store.Manifest) { m.Files = append(m.Files, file(store.ManifestName)) }, "it lists itself"},
		"no hash":             {func(m *store.Manifest) { m.Files[0].SHA256 = "" }, "has no SHA-256"},
		"half a hash":         {func(m *store.Manifest) { m.Files[0].SHA256 = someHash[:32] }, "has no SHA-256"},
		"a negative size":     {func(m *store.Manifest) { m.Files[0].Size = -1 }, "has a size of -1 bytes"},
		"a huge size":         {func(m *store.Manifest) { m.Files[0].Size = 1 << 60 }, "has a size of 1152921504606846976 bytes"},
		"a negative sum":      {func(m *store.Manifest) { m.Size = -1 }, "its size is -1"},
		"another compression": {func(m *store.Manifest) { m.Compression = "lzma" }, `its compression is "lzma"`},
		"a parent outside":    {func(m *store.Manifest) { m.ParentID = "../full" }, `its parent_id "../full" is no name of a backup`},
		"an operation's path": {func(m *store.Manifest) { m.Operation = "../x" }, `its operation "../x" is no id of an operation`},
		"SQL as a binary log": {func(m *store.Manifest) { m.Binlog = &server.Position{File: "b'; DROP DATABASE d; --", Offset: 4} },
			"the binary log's file "},
		"a stream outside": {func(m *store.Manifest) { m.Stream = &store.ManifestStream{File: "../x"} },
			`its stream's file "../x" is no name`},
		"a stream without hash": {func(m *store.Manifest) { m.Stream = &store.ManifestStream{File: "x"} }, "its stream has no SHA-256"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := twoLinks(t)
			h.Manifest("full", test.forge)
			_, err := h.Chain(t.Context(), []string{"full"})
			testkit.Says(t, err, "backup 'full' is damaged: read manifest of ", "it is not to be believed: ", test.want, "; use another chain")
			if !errors.Is(err, store.ErrForged) || storetest.Blamed(t, err).Level != persistence.LevelFiles {
				t.Errorf("got %v", err)
			}
			survey, err := h.Survey(t.Context(), func(string) bool { return false })
			h.Must(err)
			if !errors.Is(survey[0].Problem, store.ErrForged) {
				t.Errorf("surveyed as %+v", survey[0])
			}
		})
	}
}

// Whatever stands in the place of one of a backup's files is refused at once.
func TestStrangeFilesOfABackupAreRefused(t *testing.T) {
	t.Parallel()
	for _, name := range []string{store.ManifestName, "xtrabackup_checkpoints", "shop/orders.ibd"} {
		for kind, put := range map[string]func(path string) error{
			"a pipe":       func(path string) error { return unix.Mkfifo(path, 0o600) },
			"endless":      func(path string) error { return os.Symlink("/dev/zero", path) },
			"another file": func(path string) error { return os.Symlink("/etc/passwd", path) },
		} {
			t.Run(kind+" as "+filepath.Base(name), func(t *testing.T) {
				t.Parallel()
				h := twoLinks(t)
				path := filepath.Join(h.Folder("full"), name)
				h.Must(os.Remove(path))
				h.Must(put(path))
				_, err := h.Chain(t.Context(), []string{"full"})
				testkit.Says(t, err, "backup 'full' is damaged: ", "use another chain")
				_ = h.About("full")
				if name == store.ManifestName && h.MadeBy("full") != "" {
					t.Error("somebody made it")
				}
			})
		}
	}
}

// A folder that became a link to one elsewhere has every file, and none of
// them is the backup's.
func TestLinkedFolderInABackupIsRefused(t *testing.T) {
	t.Parallel()
	h := twoLinks(t)
	l, err := h.Link(t.Context(), "full")
	h.Must(err)
	h.Must(os.Rename(filepath.Join(h.Folder("full"), "shop"), filepath.Join(h.Dir, "shop")))
	h.Must(os.Symlink(filepath.Join(h.Dir, "shop"), filepath.Join(h.Folder("full"), "shop")))
	stage := filepath.Join(h.Dir, "stage")
	if _, _, err := h.StageLink(t.Context(), l, stage, false); err == nil {
		t.Error("it was staged")
	}
	if _, err := h.Chain(t.Context(), []string{"full"}); err == nil {
		t.Error("it passed for whole")
	}
}

func TestForeignLinkInABackupsPlaceIsRefused(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can make a link another's")
	}
	h := twoLinks(t)
	h.Must(os.Rename(h.Folder("full"), filepath.Join(h.Dir, "moved")))
	h.Must(os.Symlink(filepath.Join(h.Dir, "moved"), h.Folder("full")))
	h.Must(h.CheckChain(t.Context(), []string{"full"}))
	h.Must(os.Lchown(h.Folder("full"), 12345, 12345))
	err := h.CheckChain(t.Context(), []string{"full"})
	testkit.Says(t, err, "full is a link of user 12345, and only root's and our own are followed: remove it, or let root make it")
	if !errors.Is(err, disk.ErrRefused) {
		t.Error(err)
	}
}
