package steps

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/stream"
	"dbcalm-db-cmd/steps/testkit"
)

// streamTask is an attempt at a backup whose stream has just come: these files
// in it, the LSN files beside it.
func (h *testHost) streamTask(id, from string, form store.Form, files map[string]string) (Task, job.Result) {
	h.T.Helper()
	task := h.backupTask("op", id, from, map[string]string{
		"xtrabackup_checkpoints": files["xtrabackup_checkpoints"], "xtrabackup_info": files["xtrabackup_info"] + "lock_time = 1\n"})
	task.Data.Form = &form
	var plain, packed bytes.Buffer
	for name, text := range files {
		if name != "xtrabackup_info" {
			plain.Write(append(testkit.Chunk('P', "./"+name, 0, []byte(text)), testkit.Chunk('E', "./"+name, 0, nil)...))
		}
	}
	plain.Write(append(testkit.Chunk('P', "xtrabackup_info", 0, []byte(files["xtrabackup_info"])),
		testkit.Chunk('E', "xtrabackup_info", 0, nil)...))
	r, err := stream.Pack(&packed, &plain, stream.Compression(form.Compression), form.Level, nil)
	h.Must(err)
	contents, err := json.Marshal(r.Contents)
	h.Must(err)
	testkit.Write(h.T, task.Data.Work, map[string]string{store.ContentsName(id): string(contents)})
	if !form.Forward {
		testkit.Write(h.T, task.Data.Work, map[string]string{form.StreamName(id): packed.String()})
	}
	return task, job.Result{Tail: completedTail, Started: time.Now(), Ended: time.Now(),
		Stream: &stream.Stored{PlainSize: r.PlainSize, StoredSize: r.StoredSize, SHA256: r.SHA256}}
}

func TestJobOfAStreamedBackup(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.StallTimeout = time.Second
	h.Forward = "ssh hunter2"
	task, _ := h.streamTask("b", "", store.Form{Stream: true, Compression: "zstd", Level: 3}, testkit.Metadata("full-backuped", "0", "100"))
	spec, err := h.backups().streamJob(t.Context(), task)
	if err != nil {
		t.Fatal(err)
	}
	work, s := task.Data.Work, spec.Stream
	if s.Direction != job.StreamOut || s.File != work+"/backup-b.xbstream.zst" || s.Contents != work+"/backup-b.contents.json" ||
		s.Compression != "zstd" || s.Level != 3 || s.StallTimeout != time.Second || s.Command != "" ||
		spec.Shell != "" || spec.Output != work {
		t.Errorf("stored: %+v, %+v", spec, s)
	}
	task.Data.Form.Forward = true
	if spec, err = h.backups().streamJob(t.Context(), task); err != nil {
		t.Fatal(err)
	}
	s = spec.Stream
	if s.Command != "forward" || s.File != "" || spec.Shell != "ssh hunter2" || strings.Contains(spec.Line(), "hunter2") ||
		!strings.HasSuffix(spec.Line(), "| zstd -3 | forward") ||
		strings.Join(s.Env, " ") != "DBCALM_BACKUP_ID=b DBCALM_FILE=backup-b.xbstream.zst DBCALM_OPERATION_ID=op" {
		t.Errorf("forwarded: %+v, %+v", spec, s)
	}
	h.Forward, h.StallTimeout = "", 0
	_, err = h.backups().streamJob(t.Context(), task)
	testkit.Says(t, err, "the configuration has no forward any more: set it again, or take a new backup")
	task.Data.Form.Forward = false
	if spec, err = h.backups().streamJob(t.Context(), task); err != nil || spec.Stream.StallTimeout != job.DefaultStallTimeout {
		t.Errorf("without a time-out: %v, %v", spec.Stream.StallTimeout, err)
	}
	task.Data.Form, task.Data.Server = nil, nil
	if out, err := h.backups().reserveWork(t.Context(), task); err != nil || out.Event != EventOK {
		t.Errorf("without a form: %+v, %v", out, err)
	}
}

// Every way in which a streamed backup can fail, by what its supervisor saw and
// what is there.
func TestStreamIsProved(t *testing.T) {
	t.Parallel()
	full := testkit.Metadata("full-backuped", "0", "100")
	with := func(name, text string) map[string]string {
		files := testkit.Metadata("full-backuped", "0", "100")
		files[name] = text
		return files
	}
	stored := store.Form{Stream: true, Compression: "zstd"}
	for name, test := range map[string]struct {
		form  store.Form
		files map[string]string
		spoil func(h *testHost, work string, r *job.Result)
		want  []string
	}{
		"stored":    {stored, full, nil, nil},
		"forwarded": {store.Form{Stream: true, Forward: true}, full, nil, nil},
		"in a fault": {stored, full, func(_ *testHost, _ string, r *job.Result) {
			r.Fault = "backup-b.xbstream.zst could not be written: input/output error"
		}, []string{"backup-b.xbstream.zst could not be written: input/output error: mend that, then take the backup again"}},
		"on a full disk": {stored, full, func(_ *testHost, _ string, r *job.Result) {
			r.Fault = "backup-b.xbstream.zst could not be written: no space left on device: the disk is full: " +
				"free space or make it larger, then try again"
		}, []string{"no space left on device: the disk is full: free space or make it larger, then try again"}},
		"in a fault of forward": {stored, full, func(_ *testHost, _ string, r *job.Result) {
			r.Fault, r.ShellTail, r.ExitCode = "forward failed with exit code 1", "cat: write error: No space left on device (s3cret)\n", -1
		}, []string{"forward failed with exit code 1: the disk is full: free space or make it larger, then try again\n",
			"last lines of the program:\ncat: write error", "***"}},
		"a killed tool": {stored, full, func(_ *testHost, _ string, r *job.Result) { r.Signal, r.ExitCode = "SIGKILL", -1 },
			[]string{"mariabackup was killed by SIGKILL"}},
		"a failed tool": {stored, full, func(_ *testHost, _ string, r *job.Result) { r.ExitCode, r.Stream = 1, nil },
			[]string{"mariabackup failed with exit code 1"}},
		"not completed": {stored, full, func(_ *testHost, _ string, r *job.Result) { r.Tail = "bye\n" },
			[]string{`ended without saying "completed OK!"`}},
		"not synced": {stored, full, func(_ *testHost, _ string, r *job.Result) { r.SyncError = "no luck" },
			[]string{"could not be put onto the disk: no luck"}},
		"no start": {stored, full, func(_ *testHost, _ string, r *job.Result) { r.StartError = "start forward: no luck" },
			[]string{"could not be started: start forward: no luck"}},
		"complaints": {stored, full, func(_ *testHost, _ string, r *job.Result) { r.Complaints = []string{"Error: no luck"} },
			[]string{"complained while it copied", "Error: no luck"}},
		"no stream": {stored, full, func(_ *testHost, _ string, r *job.Result) { r.Stream = nil },
			[]string{"mariabackup claims success, but no stream came from it"}},
		"an empty one": {stored, full, func(_ *testHost, _ string, r *job.Result) { r.Stream = &stream.Stored{SHA256: "x"} },
			[]string{"no stream came from it"}},
		"no file": {stored, full, func(h *testHost, work string, _ *job.Result) {
			h.Must(os.Remove(filepath.Join(work, "backup-b.xbstream.zst")))
		}, []string{"the stored stream cannot be read"}},
		"a shorter file": {stored, full, func(h *testHost, work string, _ *job.Result) {
			h.Must(os.Truncate(filepath.Join(work, "backup-b.xbstream.zst"), 5))
		}, []string{"the stored stream has 5 bytes, of "}},
		"no list": {stored, full, func(h *testHost, work string, _ *job.Result) {
			h.Must(os.Remove(filepath.Join(work, store.ContentsName("b"))))
		}, []string{"read the contents of the stream"}},
		"an empty list": {stored, full, func(h *testHost, work string, _ *job.Result) {
			testkit.Write(h.T, work, map[string]string{store.ContentsName("b"): "{}"})
		}, []string{"lists no file"}},
		"empty options":  {stored, with("backup-my.cnf", "[mysqld]\n"), nil, []string{"backup-my.cnf in the stream is empty"}},
		"no checkpoints": {stored, with("xtrabackup_checkpoints", "nothing"), nil, []string{"xtrabackup_checkpoints in the stream is empty"}},
		"another kind": {stored, testkit.Metadata("incremental", "0", "100"), nil,
			[]string{"a full backup was asked for, the tool made one of type incremental"}},
		"other LSNs beside it": {stored, full, func(h *testHost, work string, _ *job.Result) {
			testkit.Write(h.T, work, map[string]string{"xtrabackup_checkpoints": testkit.Checkpoints("full-backuped", "0", "90", "90")})
		}, []string{"the tool wrote other LSNs beside the stream (0 to 90) than into it (0 to 100)"}},
		"empty files beside it": {stored, full, func(h *testHost, work string, _ *job.Result) {
			testkit.Write(h.T, work, map[string]string{"xtrabackup_checkpoints": "", "xtrabackup_info": ""})
		}, nil},
		"no files beside it": {stored, full, func(h *testHost, work string, _ *job.Result) {
			h.Must(os.Remove(filepath.Join(work, "xtrabackup_checkpoints")))
			h.Must(os.Remove(filepath.Join(work, "xtrabackup_info")))
		}, nil},
		"no room beside it": {stored, full, func(h *testHost, work string, _ *job.Result) {
			h.Must(os.Remove(filepath.Join(work, "xtrabackup_info")))
			testkit.Write(h.T, work, map[string]string{"xtrabackup_info" + disk.TemporarySuffix + "/taken": ""})
		}, []string{"xtrabackup_info could not be written beside the stream"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t)
			task, r := h.streamTask("b", "", test.form, test.files)
			if test.spoil != nil {
				test.spoil(h, task.Data.Work, &r)
			}
			out, err := h.backups().streamFinish(t.Context(), task, r)
			if test.want != nil {
				testkit.Says(t, err, test.want...)
				if err != nil && strings.Contains(err.Error(), "s3cret") {
					t.Errorf("the error tells the password: %v", err)
				}
				return
			}
			if err != nil || out.Event != EventOK || out.Data.Stream == nil || *out.Data.Stream != *r.Stream {
				t.Fatalf("%+v, %v", out, err)
			}
			for _, beside := range []string{"xtrabackup_checkpoints", "xtrabackup_info"} {
				if text, err := os.ReadFile(filepath.Join(task.Data.Work, beside)); err != nil || string(text) != test.files[beside] {
					t.Errorf("%s beside the stream: %q, %v", beside, text, err)
				}
			}
		})
	}
	h := newHost(t)
	task, r := h.streamTask("b", "", stored, full)
	r.Stopped = true
	if _, err := h.backups().streamFinish(t.Context(), task, r); !errors.Is(err, job.ErrCancelled) {
		t.Errorf("stopped as asked: %v", err)
	}
}

func TestStreamedIncrementalJoinsItsBase(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	for name, test := range map[string]struct{ from, renamed, want string }{
		"joins":            {"100", "shop/b", ""},
		"begins elsewhere": {"90", "shop/b", "an incremental from LSN 100 was asked for, the tool made one of type incremental from LSN 90"},
		"names exchanged":  {"100", "shop/a", "exchanged their names while it copied"},
	} {
		h := newHost(t)
		h.Backup("full", "", "0", "100", nil)
		files := testkit.Metadata("incremental", test.from, "150")
		files["shop/a.ren"], files["shop/c.ren"] = "shop/c\n", test.renamed
		task, r := h.streamTask("inc", "full", store.Form{Stream: true}, files)
		if _, err := h.backups().streamFinish(t.Context(), task, r); test.want != "" {
			testkit.Says(t, err, test.want)
		} else if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	h := newHost(t)
	task, r := h.streamTask("inc", "gone", store.Form{Stream: true}, testkit.Metadata("incremental", "100", "150"))
	_, err := h.backups().streamFinish(t.Context(), task, r)
	testkit.Says(t, err, "claims success, but read metadata: xtrabackup_checkpoints is missing")
}

// What a stream's manifest says is what a restore believes.
func TestStreamedBackupIsSealedPublishedAndRecorded(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	for _, form := range []store.Form{{Stream: true}, {Stream: true, Compression: "gzip", Level: 2},
		{Stream: true, Compression: "zstd", Forward: true}} {
		h := newHost(t)
		files := testkit.Metadata("full-backuped", "0", "100")
		files["shop/orders.ibd"] = strings.Repeat("rows ", 10000)
		task, r := h.streamTask("b", "", form, files)
		out, err := h.backups().streamFinish(t.Context(), task, r)
		if err != nil {
			t.Fatal(err)
		}
		task.Data = out.Data
		testkit.Write(t, task.Data.Work, map[string]string{"xtrabackup_info.tmp": "left by a crash"})
		for range 2 {
			if _, err := h.Host.backups().seal(t.Context(), task); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := h.backups().publish(t.Context(), task); err != nil {
			t.Fatal(err)
		}
		m, err := store.ReadManifest(h.Store.Folder("b"))
		if err != nil {
			t.Fatal(err)
		}
		var plain, beside int64
		for _, text := range files {
			plain += int64(len(text))
		}
		listed := false
		for _, f := range m.Files {
			if f.Path == m.Stream.File {
				listed = true
				if f.SHA256 != r.Stream.SHA256 || f.Size != r.Stream.StoredSize {
					t.Errorf("%s: the stream is listed as %+v", form, f)
				}
			} else {
				beside += f.Size
			}
		}
		want := store.ManifestStream{File: form.StreamName("b"), Forwarded: form.Forward, Compression: form.Compression, Stored: *r.Stream}
		if m.Format != 2 || *m.Stream != want || m.PlainSize != plain || m.Size != beside+r.Stream.StoredSize || listed == form.Forward ||
			m.ToLSN != 100 || m.StoredAs() != form.String() {
			t.Errorf("%s: the manifest is %+v, %+v", form, m, m.Stream)
		}
		if out, err := h.backups().recordBackup(t.Context(), task); err != nil || *out.Backup.Size != m.Size {
			t.Errorf("%s: recorded %+v, %v", form, out.Backup, err)
		}
		h.Records.Backups["b"] = persistence.Backup{ID: "b"}
		if _, err := h.Store.Chain(t.Context(), []string{"b"}); err != nil {
			t.Errorf("%s: %v", form, err)
		}
	}
}
