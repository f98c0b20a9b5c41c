package store_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/testkit"
	disktest "dbcalm-db-cmd/steps/testkit/disk"
	storetest "dbcalm-db-cmd/steps/testkit/store"
	"dbcalm-db-cmd/steps/tool"
)

func TestMakerOfABackup(t *testing.T) {
	t.Parallel()
	h := twoLinks(t)
	h.Manifest("full", func(m *store.Manifest) { m.Operation = "made-it" })
	for id, want := range map[string]string{"full": "made-it", "none": ""} {
		if got := h.MadeBy(id); got != want {
			t.Errorf("%s was made by %q, want %q", id, got, want)
		}
	}
	for _, text := range []string{"", "[]", `{"id":"full"`, `{"id":"full"}`, `{"files":[{"operation":"x"}],"server":{"operation":"y"}}`,
		`{"operation":5}`, `{"id":nonsense,"operation":"x"}`} {
		testkit.Write(t, h.Folder("full"), map[string]string{store.ManifestName: text})
		if got := h.MadeBy("full"); got != "" {
			t.Errorf("%s was made by %q", text, got)
		}
	}
	// What follows is not read, and so cannot spoil it.
	testkit.Write(t, h.Folder("full"), map[string]string{store.ManifestName: `{"id":"full","operation":"made-it","files":[{"path`})
	if got := h.MadeBy("full"); got != "made-it" {
		t.Errorf("a cut manifest was made by %q", got)
	}
}

func TestDamageIsToldFromOtherTrouble(t *testing.T) {
	t.Parallel()
	h := twoLinks(t)
	read := &fs.PathError{Op: "read", Path: "/x", Err: unix.EIO}
	for _, test := range []struct {
		err    error
		damage bool
	}{
		{store.WrongSum(store.ManifestFile{Path: "x"}), true},
		{fmt.Errorf("stage file: %w", read), true},
		{fmt.Errorf("stage file: %w", &fs.PathError{Op: "write", Path: "/x", Err: unix.EIO}), false},
		{fmt.Errorf("stage file: %w", unix.ENOSPC), false},
		{job.ErrCancelled, false},
	} {
		err := h.Blame("full", test.err)
		_, damage := errors.AsType[*store.Damage](err)
		if cause := errors.Unwrap(test.err); damage != test.damage || !errors.Is(err, cause) && cause != nil {
			t.Errorf("%v became %v", test.err, err)
		}
	}
	if h.Blame("full", nil) != nil {
		t.Error("nothing is to blame")
	}
	damage := storetest.Blamed(t, h.Blame("full", store.WrongSum(store.ManifestFile{Path: "x"})))
	want := persistence.Verdict{BackupID: "full", MadeBy: h.MadeBy("full"), Level: persistence.LevelChecksum,
		Damage: "backup 'full' is damaged: file x is damaged: its checksum is not the recorded one; use another chain"}
	if damage.Verdict() != want {
		t.Errorf("the verdict is %+v, want %+v", damage.Verdict(), want)
	}
	damage.Err = &tool.Error{Summary: "it failed", Tail: "a\nb"}
	if got := damage.Verdict().Damage; got != "it failed" {
		t.Errorf("recorded is %q", got)
	}
	for _, text := range []string{"{", `{"size":"x"}`} {
		var m store.Manifest
		if err := json.Unmarshal([]byte(text), &m); !store.Malformed(fmt.Errorf("read: %w", err)) {
			t.Errorf("%s is malformed: %v", text, err)
		}
	}
	if store.Malformed(read) || store.Malformed(nil) {
		t.Error("a file that cannot be read is not malformed")
	}
}

func TestNothingIsBlamedOnTheBackupWhenItsDiskIsFull(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	if !disktest.Enter(t) {
		return
	}
	dir := disktest.Small(t, 32<<20)
	if tool.HostFault(dir, "page corruption") {
		t.Error("with room")
	}
	free := disktest.Fill(t, dir)
	if !tool.HostFault(dir, "page corruption") {
		t.Error("without room")
	}
	free()
}

func TestChainBlamesTheBrokenLink(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		spoil func(h *testStore) error
		id    string
		want  string
	}{
		"a missing file": {func(h *testStore) error { return os.Remove(filepath.Join(h.Folder("full"), "ibdata1")) }, "full",
			"file ibdata1 is missing"},
		"a shorter file": {func(h *testStore) error { return os.Truncate(filepath.Join(h.Folder("inc"), "ibdata1.delta"), 0) }, "inc",
			"file ibdata1.delta has 0 bytes instead of 1"},
		"a missing folder": {func(h *testStore) error { return os.RemoveAll(h.Folder("full")) }, "full",
			"the folder of backup 'full' cannot be read"},
		"no metadata": {func(h *testStore) error {
			return os.Remove(filepath.Join(h.Folder("inc"), "xtrabackup_checkpoints"))
		}, "inc", "xtrabackup_checkpoints is missing"},
		"a damaged manifest": {func(h *testStore) error { return os.Truncate(filepath.Join(h.Folder("inc"), store.ManifestName), 40) },
			"inc", "read manifest of "},
		"another's folder": {func(h *testStore) error {
			h.Manifest("inc", func(m *store.Manifest) { m.ID = "other" })
			return nil
		}, "inc", "the folder of backup 'inc' holds backup 'other'"},
		"another's files": {func(h *testStore) error {
			h.Manifest("inc", func(m *store.Manifest) { m.Server.UID = "other" })
			h.Manifest("full", func(m *store.Manifest) { m.Server.UID = "this" })
			return nil
		}, "inc", "they are no chain"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := twoLinks(t)
			h.Must(test.spoil(h))
			_, err := h.Chain(t.Context(), []string{"full", "inc"})
			if d := storetest.Blamed(t, err); d.Backup != test.id || d.Level != persistence.LevelFiles || !strings.Contains(d.Error(), test.want) {
				t.Errorf("got %s at %s: %v", d.Backup, d.Level, d)
			}
		})
	}
	h := twoLinks(t)
	for _, ids := range [][]string{{"inc"}, {"full", "full"}, {"full", "gone"}} {
		_, err := h.Chain(t.Context(), ids)
		if _, found := errors.AsType[*store.Damage](err); found || err == nil {
			t.Errorf("%v is a wrong list, no damage: %v", ids, err)
		}
	}
	h.Manifest("inc", func(m *store.Manifest) { m.Format = 99 })
	if _, err := h.Chain(t.Context(), []string{"full", "inc"}); err == nil || errors.As(err, new(*store.Damage)) {
		t.Errorf("what a newer program made is not damaged: %v", err)
	}
}
