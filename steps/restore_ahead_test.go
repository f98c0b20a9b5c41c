package steps

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/testkit"
	storetest "dbcalm-db-cmd/steps/testkit/store"
)

// threeLinks is a host with a chain of three, and its restore as it is when the
// full one is staged.
func threeLinks(t *testing.T) (*testHost, Task) {
	t.Helper()
	h := twoLinks(t)
	h.Backup("more", "inc", "150", "200", map[string]string{"ibdata1.delta": "more", "shop/orders.ibd.delta": "more rows"})
	task := h.restoreTask("full", "inc", "more")
	task.Data.Tool, task.Events = &mariabackup, []string{EventOK, EventRewind}
	out, err := h.restores().stage(t.Context(), task)
	h.Must(err)
	task.Data = out.Data
	return h, task
}

// linkIsStaged checks that the stage holds exactly what is restored of a link.
func (h *testHost) linkIsStaged(task Task, i int) {
	h.T.Helper()
	want := testkit.Tree(h.T, h.Store.Folder(task.Args.IDList[i]))
	delete(want, store.ManifestName)
	if got := testkit.Tree(h.T, task.Data.Placement.Link(i)); !maps.Equal(got, want) {
		h.T.Errorf("link %d holds %v, want %v", i, got, want)
	}
}

func TestIncrementalsAreStagedWhileTheToolWorks(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	h, task := threeLinks(t)
	p := task.Data.Placement
	h.linkIsStaged(task, 0)
	for applied, want := range []string{"meanwhile 6 files of 'inc' staged, checksums right",
		"meanwhile 5 files of 'more' staged, checksums right", ""} {
		if there, _ := disk.Exists(p.Link(applied + 1)); there {
			t.Errorf("link %d is there before its turn", applied+1)
		}
		task.Data.Applied = applied
		did, err := h.restores().stageAhead(t.Context(), task)
		if err != nil || did != want {
			t.Errorf("after %d links: %q, %v; want %q", applied, did, err, want)
		}
		if want != "" {
			h.linkIsStaged(task, applied+1)
		}
	}
	// All of the chain was staged by an earlier program.
	task.Data.Applied, task.Data.Ahead = 0, nil
	h.Must(os.RemoveAll(p.Link(1)))
	if did, err := h.restores().stageAhead(t.Context(), task); err != nil || did != "" {
		t.Errorf("got %q, %v", did, err)
	}
}

// What a stream comes after is staged before it is unpacked, and so is all of a
// chain whose machine cannot come back to the stage.
func TestWhatIsStagedAtOnce(t *testing.T) {
	t.Parallel()
	streamed := store.Link{Manifest: &store.Manifest{Stream: &store.ManifestStream{}}}
	for _, test := range []struct {
		links []store.Link
		later int
	}{
		{[]store.Link{{}}, 0}, {[]store.Link{streamed}, 0}, {[]store.Link{{}, {}, {}}, 2}, {[]store.Link{streamed, {}, {}}, 2},
		{[]store.Link{{}, streamed, {}}, 1}, {[]store.Link{{}, {}, streamed}, 0}, {[]store.Link{streamed, streamed}, 0},
	} {
		if n := later(Task{Events: []string{EventRewind}}, test.links); n != test.later {
			t.Errorf("of %d links %d are staged later, want %d", len(test.links), n, test.later)
		}
		if n := later(Task{}, test.links); n != 0 {
			t.Errorf("of %d links %d are staged later by a machine that cannot come back", len(test.links), n)
		}
	}
}

// Damage that is found late is told as if it had been found at once.
func TestDamageOfWhatIsStagedLater(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	const whole = "; the chain is whole up to 'full': dbcalm-db-cmd restore full --target folder"
	for name, test := range map[string]struct {
		spoil func(h *testHost, folder string)
		want  []string
	}{
		"a flipped bit": {func(h *testHost, folder string) { h.alter(filepath.Join(folder, "ibdata1.delta")) },
			[]string{"backup 'inc' is damaged: file ibdata1.delta is damaged: its checksum is not the recorded one; use another chain" + whole}},
		"a missing file": {func(h *testHost, folder string) { h.Must(os.Remove(filepath.Join(folder, "ibdata1.delta"))) },
			[]string{"backup 'inc' is damaged: file ibdata1.delta is missing", whole}},
		"a missing backup": {func(h *testHost, folder string) { h.Must(os.RemoveAll(folder)) },
			[]string{"the folder of backup 'inc' cannot be read", whole}},
		"another backup": {func(h *testHost, _ string) {
			h.Backup("inc", "full", "100", "150", map[string]string{"ibdata1.delta": "other"})
		}, []string{"backup 'inc' is damaged: its dbcalm.json is not the one that was recorded", whole}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, task := threeLinks(t)
			test.spoil(h, h.Store.Folder("inc"))
			_, err := h.restores().stageAhead(t.Context(), task)
			testkit.Says(t, err, test.want...)
			storetest.Blamed(t, err)
		})
	}
}

// The API server may delete the rows of a chain that is being restored: the restore
// goes on.
func TestRecordsDeletedWhileAChainIsStaged(t *testing.T) {
	t.Parallel()
	h, task := threeLinks(t)
	clear(h.Records.Backups)
	_, err := h.restores().stageAhead(t.Context(), task)
	h.Must(err)
	h.linkIsStaged(task, 1)
}

// A daemon that finds the tool at work looks at every byte that another has staged,
// and vouches for the disk as the tool's supervisor does.
func TestAnotherDaemonStagesWhatIsMissing(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	h, task := threeLinks(t)
	p := task.Data.Placement
	_, err := h.restores().stageAhead(t.Context(), task)
	h.Must(err)
	h.Must(os.Truncate(filepath.Join(p.Link(1), "ibdata1.delta"), 0))
	h.Must(os.Remove(filepath.Join(p.Link(1), "shop", "orders.ibd.delta")))
	testkit.Write(t, p.Link(1), map[string]string{"more": ""})
	h.stages.Release(task.Operation)
	did, err := h.restores().stageAhead(t.Context(), task)
	if err != nil || !strings.HasSuffix(did, "; 4 of them were there from before") {
		t.Errorf("got %q, %v", did, err)
	}
	h.linkIsStaged(task, 1)
	// That the disk is looked after now does not make a stage good that was not when
	// the daemon before has ended.
	if _, lost := h.restores().stageLost(task); !lost {
		t.Error("a stage that was left unsynced is trusted")
	}
	testkit.Write(t, p.Prepared(), testkit.Metadata("log-applied", "0", "100"))
	out, err := h.restores().prepareFinish(t.Context(), task, job.Result{Tail: completedTail})
	if err != nil || out.Event != EventMore || out.Data.Unsynced {
		t.Errorf("what the supervisor has put onto the disk: %+v, %v", out, err)
	}
}

func TestStagingAheadStopsWhenCancelled(t *testing.T) {
	t.Parallel()
	h, task := threeLinks(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(job.ErrCancelled)
	if _, err := h.restores().stageAhead(ctx, task); !errors.Is(err, job.ErrCancelled) {
		t.Errorf("got %v", err)
	}
}

func TestProgressCountsWhatIsStagedAhead(t *testing.T) {
	t.Parallel()
	h, task := threeLinks(t)
	folder := filepath.Join(h.Dir, "job")
	link, err := h.Store.Link(t.Context(), "inc")
	h.Must(err)
	size, err := link.Size()
	h.Must(err)
	total := int64(size.Allocated)
	if p, known := h.restores().prepareProgress(task, folder); !known || p.Done != 0 || p.Total != total {
		t.Errorf("before: %+v, %t; want %d in all", p, known, total)
	}
	_, err = h.restores().stageAhead(t.Context(), task)
	h.Must(err)
	if p, known := h.restores().prepareProgress(task, folder); !known || p.Done != total*99/100 || p.Total != total {
		t.Errorf("after: %+v, %t; want nearly %d", p, known, total)
	}
	task.Data.Applied = 1
	apply, known := h.restores().applyProgress(task, folder)
	if task.Data.Ahead = nil; !known || apply.Done != 0 {
		t.Errorf("apply: %+v, %t", apply, known)
	}
	if alone, _ := h.restores().applyProgress(task, folder); alone.Total == 0 || alone.Total >= apply.Total {
		t.Errorf("apply alone: %+v, with what is staged meanwhile: %+v", alone, apply)
	}
}
