package store_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/testkit"
)

func TestStoreIsSurveyed(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	h := twoLinks(t)
	elsewhere := filepath.Join(h.Dir, "elsewhere")
	testkit.Write(t, h.BackupDir, map[string]string{
		"foreign/file": "", "file": "", "broken/" + store.ManifestName: "{", "copy/" + store.ManifestName: `{"id":"full"}`,
		".partial/op-1/" + store.ManifestName: `{"id":".partial"}`,
		"restores/2026/full/ibdata1":          "", "tmp/x": "", "lost+found/y": "",
	})
	h.Backup("short", "", "0", "100", map[string]string{"ibdata1": "system"})
	h.Backup("known", "", "0", "100", map[string]string{"ibdata1": "system"})
	for _, id := range []string{"short", "known"} {
		h.Must(os.Truncate(filepath.Join(h.Folder(id), "ibdata1"), 1))
	}
	// A backup may lie on another disk.
	h.Must(os.Rename(h.Folder("inc"), elsewhere))
	h.Must(os.Symlink(elsewhere, h.Folder("inc")))
	h.Must(os.Symlink(filepath.Join(h.Dir, "away"), h.Folder("away")))
	list, err := h.Survey(t.Context(), func(id string) bool { return id == "known" })
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range list {
		verdict := "ok"
		switch {
		case errors.Is(s.Problem, fs.ErrNotExist):
			verdict = "none"
		case errors.Is(s.Problem, store.ErrOtherBackup):
			verdict = "other:" + s.Manifest.ID
		case s.Problem != nil && s.Manifest == nil:
			verdict = "unreadable"
		case s.Problem != nil:
			verdict = "damaged"
		}
		got = append(got, s.Name+"="+verdict)
		if s.Manifest != nil && s.Manifest.Files != nil {
			t.Errorf("%s comes with its files", s.Name)
		}
	}
	const want = "broken=unreadable copy=other:full foreign=none full=ok inc=ok known=ok short=damaged"
	if got := strings.Join(got, " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for id, gone := range map[string]bool{"full": false, "inc": false, "file": false, "away": false, "nonsense": true} {
		if h.Gone(id) != gone {
			t.Errorf("%s is gone: %v", id, !gone)
		}
	}
	h.BackupDir += "/nowhere"
	if _, err := h.Survey(t.Context(), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a store: %v", err)
	}
	if list, err := h.Leftovers(); err != nil || len(list) != 0 {
		t.Errorf("without a store there is left %v, %v", list, err)
	}
}

func TestLeftovers(t *testing.T) {
	t.Parallel()
	h := twoLinks(t)
	partial := filepath.Join(h.BackupDir, ".partial")
	h.Must(os.MkdirAll(filepath.Join(partial, "a-b-2"), 0o700))
	h.Must(os.Rename(h.Folder("full"), filepath.Join(partial, "a-b-2", "retired")))
	h.Must(os.Rename(h.Folder("inc"), filepath.Join(partial, "c-1")))
	manifest := `{"files":[{"path":"gone","sha256":"` + strings.Repeat("0", 64) + `"}]}`
	testkit.Write(t, partial, map[string]string{"d-stage/0/ibdata1": "x", "e-1/" + store.ManifestName: manifest,
		"f-1/" + store.ManifestName: "{", "g": ""})
	list, err := h.Leftovers()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range list {
		got = append(got, strings.ReplaceAll(l.Operation+":"+l.Backup, partial, ""))
	}
	if got, want := strings.Join(got, " "), "a-b:/a-b-2/retired c:/c-1 d: e: f:/f-1 g:"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for _, l := range list {
		stray, err := h.TakeAway(l)
		if err != nil || filepath.Dir(stray) != partial || strings.HasPrefix(filepath.Base(stray), l.Operation) {
			t.Errorf("%s was taken away to %s, %v", l.Path, stray, err)
		}
	}
	// Taken away and not yet removed, when the daemon ended.
	list, err = h.Leftovers()
	if err != nil || len(list) != 6 {
		t.Fatalf("left are %v, %v", list, err)
	}
	for _, l := range list {
		stray, err := h.TakeAway(l)
		if err != nil || stray != l.Path {
			t.Errorf("%s was taken away again to %s, %v", l.Path, stray, err)
		}
		if err := h.RemoveStray(stray); err != nil {
			t.Error(err)
		}
	}
	if got := testkit.Tree(t, h.BackupDir); len(got) != 0 {
		t.Errorf("left are %v", got)
	}
}
