package steps

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/stream"
	"dbcalm-db-cmd/steps/testkit"
	storetest "dbcalm-db-cmd/steps/testkit/store"
)

// Whatever forms the links of a chain are stored in, the stage holds the same.
func TestStageHoldsAChainOfAnyForms(t *testing.T) {
	t.Parallel()
	plain := twoLinks(t)
	for full := range storetest.Forms {
		for inc := range storetest.Forms {
			t.Run(full+", "+inc, func(t *testing.T) {
				t.Parallel()
				h := packedLinks(t, full, inc)
				stored := testkit.Tree(t, h.Store.BackupDir)
				task := h.unpackTask()
				out, err := h.restores().stage(t.Context(), task)
				if err != nil {
					t.Fatal(err)
				}
				if streams := strings.Contains(full, "stream") || strings.Contains(inc, "stream"); streams != (out.Event == EventUnpack) {
					t.Fatalf("staging ends in %s: %s", out.Event, out.Reason)
				}
				if out.Event == EventUnpack {
					task.Data = out.Data
					if out, err = h.unpacks(task); err != nil || out.Event != EventOK {
						t.Fatalf("%+v, %v", out, err)
					}
				}
				for i, id := range []string{"full", "inc"} {
					want := testkit.Tree(t, plain.Store.Folder(id))
					delete(want, store.ManifestName)
					if got := testkit.Tree(t, out.Data.Placement.Link(i)); !maps.Equal(got, want) {
						t.Errorf("link %d holds %v, want %v", i, got, want)
					}
				}
				for name, content := range stored {
					if now, err := os.ReadFile(filepath.Join(h.Store.BackupDir, name)); !strings.HasSuffix(name, "/") &&
						(err != nil || string(now) != content) {
						t.Errorf("%s of the store was changed to %q, %v", name, now, err)
					}
				}
			})
		}
	}
}

// After a preparation that was broken off, what it has touched is unpacked
// again, and nothing else.
func TestStreamIsUnpackedAgainAfterAPreparation(t *testing.T) {
	t.Parallel()
	testkit.NeedsServer(t)
	h := packedLinks(t, "zstd stream", "gzip stream")
	task := h.unpackTask()
	out, err := h.restores().stage(t.Context(), task)
	h.Must(err)
	task.Data = out.Data
	out, err = h.unpacks(task)
	h.Must(err)
	task.Data = out.Data
	p := task.Data.Placement
	inode := func() disk.FileID {
		id, err := disk.IDOf(filepath.Join(p.Link(1), "ibdata1.delta"))
		h.Must(err)
		return id
	}
	first := inode()
	testkit.Write(t, p.Link(0), map[string]string{"ibdata1": "prepared", "ib_logfile0": "made by the tool"})
	for _, again := range []struct {
		applied  int
		unsynced bool
		spoil    func()
		want     []int
	}{
		{0, false, func() {}, []int{1}},
		{0, true, func() {}, []int{1}},
		{0, true, func() { h.stages.Release(task.Operation) }, nil},
		{0, false, func() { h.Must(os.Truncate(filepath.Join(p.Link(1), "ibdata1.delta"), 0)) }, nil},
		{1, false, func() {}, nil},
	} {
		again.spoil()
		task.Data.Applied, task.Data.Unpacked, task.Data.Unsynced = again.applied, []int{0, 1}, again.unsynced
		out, err := h.restores().stage(t.Context(), task)
		if err != nil || out.Event != EventUnpack || !slices.Equal(out.Data.Unpacked, again.want) || out.Data.Applied != 0 {
			t.Fatalf("%+v, %v; want %v unpacked", out, err, again.want)
		}
		if left := testkit.Tree(t, p.Link(0)); len(left) > 0 {
			t.Errorf("for the full backup there is %v", left)
		}
		if again.want != nil && inode() != first {
			t.Error("what was whole has been unpacked again")
		}
		task.Data = out.Data
		if out, err = h.unpacks(task); err != nil {
			t.Fatal(err)
		}
		if len(out.Data.Unpacked) != 2 || testkit.Tree(t, p.Link(0))["ibdata1"] != "system" {
			t.Errorf("unpacked are %v: %v", out.Data.Unpacked, testkit.Tree(t, p.Link(0)))
		}
	}
}

// What an unpacker that was broken off has left, the next try removes.
func TestUnpackingBeginsInAnEmptyFolder(t *testing.T) {
	t.Parallel()
	testkit.NeedsServer(t)
	h := packedLinks(t, "stream", "directory")
	task := h.unpackTask()
	out, err := h.restores().stage(t.Context(), task)
	h.Must(err)
	task.Data = out.Data
	testkit.Write(t, out.Data.Placement.Link(0), map[string]string{"ibdata1": "half", "gone/x": ""})
	if out, err := h.unpacks(task); err != nil || out.Event != EventOK {
		t.Fatalf("%+v, %v", out, err)
	}
	if got := testkit.Tree(t, out.Data.Placement.Link(0)); got["ibdata1"] != "system" || len(got) != 7 {
		t.Errorf("the stage holds %v", got)
	}
}

// The unpackers report success for much that is none.
func TestUnpackingIsProved(t *testing.T) {
	t.Parallel()
	testkit.NeedsServer(t)
	good := func() job.Result { return job.Result{Stream: &stream.Stored{}} }
	for name, test := range map[string]struct {
		result func() job.Result
		spoil  func(h *testHost, folder string)
		want   []string
	}{
		"could not be started": {func() job.Result { return job.Result{StartError: "no such file", ExitCode: -1} }, nil,
			[]string{"unpack backup 'full': mbstream could not be started: no such file"}},
		"fails": {func() job.Result { return job.Result{ExitCode: 1, Tail: "wrong chunk magic\n"} }, nil,
			[]string{"unpack backup 'full': mbstream failed with exit code 1", "last lines of the program:\nwrong chunk magic"}},
		"has no room": {func() job.Result {
			return job.Result{ExitCode: 1, Tail: "mbstream: Error writing file (Errcode: 28 \"No space left on device\")\n"}
		}, nil, []string{"failed with exit code 1: the disk is full: free space or make it larger"}},
		"complains": {func() job.Result {
			return job.Result{Tail: "mbstream: Can't create file 'ibdata1': File exists\n", Stream: &stream.Stored{}}
		}, nil,
			[]string{"unpack backup 'full': mbstream claims success, but complained", "File exists"}},
		"is not to blame": {func() job.Result {
			return job.Result{Fault: "retrieve failed with exit code 255", Signal: "SIGKILL", ExitCode: -1, ShellTail: "ssh: no route to host\n"}
		}, nil, []string{"unpack backup 'full': retrieve failed with exit code 255", "ssh: no route to host"}},
		"is killed": {func() job.Result { return job.Result{Signal: "SIGKILL", ExitCode: -1} }, nil,
			[]string{"mbstream was killed by SIGKILL"}},
		"cannot be made safe": {func() job.Result { return job.Result{SyncError: "input/output error"} }, nil,
			[]string{"could not be put onto the disk: input/output error"}},
		"did not take it all": {func() job.Result { return job.Result{} }, nil, []string{"the stream was not read to its end"}},
		"leaves out a file": {good, func(h *testHost, folder string) { h.Must(os.Remove(filepath.Join(folder, "ibdata1"))) },
			[]string{"mbstream claims success, but file ibdata1 is missing; use another chain"}},
		"leaves a part": {good, func(h *testHost, folder string) { h.Must(os.Truncate(filepath.Join(folder, "ibdata1"), 3)) },
			[]string{"file ibdata1 has 3 bytes instead of 6"}},
		"brings more": {good, func(h *testHost, folder string) { testkit.Write(h.T, folder, map[string]string{"more": ""}) },
			[]string{"file more is not of the stream"}},
		"brings another's": {good, func(h *testHost, folder string) { h.checkpoints(folder, "full-backuped", "0", "900") },
			[]string{"it holds another backup: its checkpoints are"}},
		"brings one of a kind": {good, func(h *testHost, folder string) { h.checkpoints(folder, "incremental", "000", "100") },
			[]string{"a full backup was asked for"}},
		"brings no metadata": {good, func(h *testHost, folder string) {
			testkit.Write(h.T, folder, map[string]string{"xtrabackup_info": strings.Repeat(" ", 90)})
		}, []string{"xtrabackup_info"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := packedLinks(t, "stream", "directory")
			task := h.unpackTask()
			out, err := h.restores().stage(t.Context(), task)
			h.Must(err)
			task.Data = out.Data
			if test.spoil != nil {
				_, err := h.unpacks(task)
				h.Must(err)
				test.spoil(h, task.Data.Placement.Link(0))
			}
			_, err = h.restores().unpackFinish(t.Context(), task, test.result())
			testkit.Says(t, err, test.want...)
		})
	}
	h := packedLinks(t, "stream", "directory")
	task := h.unpackTask()
	if _, err := h.restores().unpackFinish(t.Context(), task, job.Result{Stopped: true}); !errors.Is(err, job.ErrCancelled) {
		t.Errorf("stopped: %v", err)
	}
}

// checkpoints writes other checkpoints of the same length into a folder.
func (h *testHost) checkpoints(folder, kind, from, to string) {
	h.T.Helper()
	testkit.Write(h.T, folder, map[string]string{"xtrabackup_checkpoints": testkit.Checkpoints(kind, from, to, to)})
}

// A link to a table elsewhere must not reach a server that restores it.
func TestTableLinksAreNotUnpacked(t *testing.T) {
	t.Parallel()
	testkit.NeedsServer(t)
	h := newHost(t)
	h.StallTimeout = testkit.Patience
	h.Backup("full", "", "0", "100", map[string]string{"shop/orders.isl": "/old/orders.ibd", "shop/orders.ibd": "rows"})
	h.Streamed("full", stream.None, false)
	task := h.restoreTask("full")
	task.Data.Tool = &mariabackup
	var err error
	task.Data.Unpacker, err = h.Tool.FindUnpacker(mariabackup)
	h.Must(err)
	out, err := h.restores().stage(t.Context(), task)
	h.Must(err)
	task.Data = out.Data
	if out, err = h.unpacks(task); err != nil {
		t.Fatal(err)
	}
	if got := testkit.Tree(t, out.Data.Placement.Link(0)); got["shop/orders.ibd"] != "rows" || got["shop/orders.isl"] != "" {
		t.Errorf("the stage holds %v", got)
	}
	// After a crash between the judgement and its record it is judged again.
	if out, err := h.restores().unpackFinish(t.Context(), task, job.Result{Stream: &stream.Stored{}}); err != nil || out.Event != EventOK {
		t.Errorf("judged again: %+v, %v", out, err)
	}
}
