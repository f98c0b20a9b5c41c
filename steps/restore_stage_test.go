package steps

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/testkit"
	disktest "dbcalm-db-cmd/steps/testkit/disk"
)

// restoreTask is the restore of a chain to a folder, with its placement.
func (h *testHost) restoreTask(ids ...string) Task {
	h.T.Helper()
	t := Task{Operation: "op", Machine: "restore_folder", Attempt: 1,
		Args: Args{IDList: ids, Target: "folder", TmpDir: filepath.Join(h.Store.BackupDir, "restores", "x")}}
	var err error
	if t.Data.Placement, err = h.restores().planPlacement(t); err != nil {
		h.T.Fatal(err)
	}
	return t
}

func TestStageHoldsTheChain(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	h := twoLinks(t)
	before := testkit.Tree(t, h.Store.BackupDir)
	out, err := h.restores().stage(t.Context(), h.restoreTask("full", "inc"))
	if err != nil {
		t.Fatal(err)
	}
	p := out.Data.Placement
	for i, id := range []string{"full", "inc"} {
		want := testkit.Tree(t, h.Store.Folder(id))
		delete(want, store.ManifestName)
		if got := testkit.Tree(t, p.Link(i)); !maps.Equal(got, want) {
			t.Errorf("link %d holds %v, want %v", i, got, want)
		}
	}
	testkit.Says(t, errors.New(out.Reason), "12 files staged in "+p.Stage+", checksums right")
	// The tools eat what they apply: nothing of the store may be shared.
	if err := filepath.WalkDir(p.Stage, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		return os.WriteFile(path, []byte("eaten"), 0o600)
	}); err != nil {
		t.Fatal(err)
	}
	for name, content := range testkit.Tree(t, h.Store.BackupDir) {
		if was, there := before[name]; there && was != content {
			t.Errorf("%s of the store was changed to %q", name, content)
		}
	}
}

func TestStageGoesOnAfterAnInterruption(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	h := twoLinks(t)
	task := h.restoreTask("full", "inc")
	out, err := h.restores().stage(t.Context(), task)
	if err != nil {
		t.Fatal(err)
	}
	p := out.Data.Placement
	whole := map[int]map[string]string{0: testkit.Tree(t, p.Link(0)), 1: testkit.Tree(t, p.Link(1))}
	kept := filepath.Join(p.Link(0), "ibdata1")
	inode := func() uint64 {
		info, err := os.Stat(kept)
		if err != nil {
			t.Fatal(err)
		}
		return info.Sys().(*syscall.Stat_t).Ino
	}
	first := inode()
	// A stage that was cut off and prepared half-way: a file is missing, one is
	// short, one has been changed, one is eaten; there are new ones, and a folder.
	for _, err := range []error{
		os.Remove(filepath.Join(p.Link(0), "xtrabackup_info")),
		os.Truncate(filepath.Join(p.Link(0), "shop", "orders.ibd"), 1),
		os.WriteFile(filepath.Join(p.Link(0), "xtrabackup_checkpoints"),
			[]byte(strings.Repeat("x", len(whole[0]["xtrabackup_checkpoints"]))), 0o600),
		os.Remove(filepath.Join(p.Link(1), "shop", "orders.ibd.delta")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	testkit.Write(t, p.Link(0), map[string]string{"ib_logfile0": "made by the tool", "newdb/db.opt": "made by the tool", "newdb/deep/x": ""})
	out, err = h.restores().stage(t.Context(), task)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range whole {
		if got := testkit.Tree(t, p.Link(i)); !maps.Equal(got, want) {
			t.Errorf("link %d holds %v, want %v", i, got, want)
		}
	}
	if inode() != first {
		t.Error("a file that was whole has been copied again")
	}
	testkit.Says(t, errors.New(out.Reason), "8 of them were there from before")
}

func TestStageFindsDamage(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		spoil func(path string) error
		want  string
	}{
		"a flipped byte": {func(path string) error { return os.WriteFile(path, []byte("rowz"), 0o600) },
			"backup 'full' is damaged: file shop/orders.ibd is damaged: its checksum is not the recorded one; use another chain"},
		"a short file": {func(path string) error { return os.Truncate(path, 3) },
			"backup 'full' is damaged: file shop/orders.ibd has 3 bytes instead of 4"},
		"a missing file": {os.Remove, "backup 'full' is damaged: file shop/orders.ibd is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := twoLinks(t)
			if err := test.spoil(filepath.Join(h.Store.Folder("full"), "shop", "orders.ibd")); err != nil {
				t.Fatal(err)
			}
			_, err := h.restores().stage(t.Context(), h.restoreTask("full", "inc"))
			testkit.Says(t, err, test.want)
		})
	}
}

// An older program left backups without manifests.
func TestStageOfABackupWithoutManifest(t *testing.T) {
	t.Parallel()
	h := twoLinks(t)
	if err := os.Remove(filepath.Join(h.Store.Folder("full"), store.ManifestName)); err != nil {
		t.Fatal(err)
	}
	task := h.restoreTask("full")
	for range 2 {
		out, err := h.restores().stage(t.Context(), task)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := testkit.Tree(t, out.Data.Placement.Prepared()), testkit.Tree(t, h.Store.Folder("full")); !maps.Equal(got, want) {
			t.Errorf("staged %v, want %v", got, want)
		}
		// Without a hash, nothing says that this is whole.
		testkit.Write(t, out.Data.Placement.Prepared(), map[string]string{"shop/orders.ibd": "rowz"})
	}
}

func TestStageStopsWhenCancelled(t *testing.T) {
	t.Parallel()
	h := twoLinks(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(job.ErrCancelled)
	if _, err := h.restores().stage(ctx, h.restoreTask("full", "inc")); !errors.Is(err, job.ErrCancelled) {
		t.Errorf("got %v", err)
	}
	source := filepath.Join(h.Store.Folder("full"), "ibdata1")
	if _, err := disk.HashFile(ctx, filepath.Dir(source), filepath.Base(source)); !errors.Is(err, job.ErrCancelled) {
		t.Errorf("a hash under way: %v", err)
	}
}

func TestStageOnAFullDisk(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	if !disktest.Enter(t) {
		return
	}
	h := newHost(t)
	h.Store.BackupDir = disktest.Small(t, 8<<20)
	h.Backup("full", "", "0", "100", map[string]string{"ibdata1": strings.Repeat("x", 1<<20)})
	task := h.restoreTask("full")
	free := disktest.Fill(t, h.Store.BackupDir)
	_, err := h.restores().stage(t.Context(), task)
	if !errors.Is(err, unix.ENOSPC) {
		t.Errorf("got %v", err)
	}
	free()
	if _, err := h.restores().stage(t.Context(), task); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

func TestTryExchangeLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := disk.TryExchange(dir); err != nil && !errors.Is(err, unix.EINVAL) {
		t.Errorf("got %v", err)
	}
	if left := testkit.Tree(t, dir); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestStagedTellsOfStreamsAlone(t *testing.T) {
	t.Parallel()
	for want, got := range map[string]string{
		"2 files staged in /s, checksums right; streams to unpack: 1":                        staged("/s", 2, 0, 1, 0),
		"every link is a stream, to be unpacked in /s; streams to unpack: 3":                 staged("/s", 0, 0, 3, 0),
		"every link is a stream, to be unpacked in /s; streams to unpack: 1, from before: 2": staged("/s", 0, 0, 3, 2),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
