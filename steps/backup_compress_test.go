package steps

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/testkit"
	disktest "dbcalm-db-cmd/steps/testkit/disk"
)

// copied are the files of a copy, of every kind there is.
func copied() map[string]string {
	files := testkit.Metadata("full-backuped", "0", "100")
	maps.Copy(files, map[string]string{
		"ibdata1": strings.Repeat("page ", 100_000), "ib_logfile0": "redo", "xtrabackup_logfile": "redo",
		"xtrabackup_binlog_info": "binlog.1 4\n", "shop/orders.ibd": strings.Repeat("row ", 300_000), "shop/orders.frm": "frm",
		"shop/empty.MYD": "", "shop/a.ren": "shop/b", "shop/c.del": "", "shop/d.new": "table",
	})
	return files
}

// plainOnes are those of them that are read in the store.
var plainOnes = []string{"xtrabackup_checkpoints", "xtrabackup_info", "backup-my.cnf", "xtrabackup_binlog_info", "shop/a.ren", "shop/c.del"}

func (h *testHost) compressTask(form store.Form, files map[string]string) Task {
	h.T.Helper()
	task := h.backupTask("op", "b", "", files)
	task.Data.Form = &form
	return task
}

func TestCompressedBackupHoldsWhatWasCopied(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	for _, form := range []store.Form{{Compression: "zstd"}, {Compression: "gzip", Level: 9}} {
		h := newHost(t)
		task := h.compressTask(form, copied())
		out, err := h.backups().copyFinish(t.Context(), task, job.Result{Tail: completedTail})
		if err != nil || out.Event != EventCompress {
			t.Fatalf("%+v, %v", out, err)
		}
		task.Data = out.Data
		for range 2 {
			if out, err := h.backups().compress(t.Context(), task); err != nil || out.Event != EventOK ||
				!strings.Contains(out.Reason, "with "+form.Compression) {
				t.Fatalf("%+v, %v", out, err)
			}
		}
		for range 2 {
			if _, err := h.Host.backups().seal(t.Context(), task); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := h.backups().publish(t.Context(), task); err != nil {
			t.Fatal(err)
		}
		h.Records.Backups["b"] = persistence.Backup{ID: "b"}
		links, err := h.Store.Chain(t.Context(), []string{"b"})
		if err != nil {
			t.Fatal(err)
		}
		m := links[0].Manifest
		var plain int64
		for _, text := range copied() {
			plain += int64(len(text))
		}
		if m.Format != 2 || m.Compression != form.Compression || m.Stream != nil || m.PlainSize != plain || m.Size >= plain/10 ||
			len(m.Files) != len(copied()) {
			t.Errorf("the manifest: %+v", m)
		}
		for _, f := range m.Files {
			if name := f.Restored().Path; slices.Contains(plainOnes, name) != (f.Plain == nil) {
				t.Errorf("%s is stored as %s", name, f.Path)
			}
		}
		stage := filepath.Join(h.Dir, "stage")
		if _, _, err := h.Store.StageLink(t.Context(), links[0], stage, false); err != nil {
			t.Fatal(err)
		}
		if got := testkit.Tree(t, stage); len(got) != len(copied())+1 {
			t.Errorf("restored: %d files", len(got))
		} else {
			for name, text := range copied() {
				if got[name] != text {
					t.Errorf("%s comes back as %.20q", name, got[name])
				}
			}
		}
	}
}

// A crash may leave a file unfinished, or beside its compressed form.
func TestCompressingGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	form := store.Form{Compression: "zstd"}
	task := h.compressTask(form, copied())
	work := task.Data.Work
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(work, name))
		h.Must(err)
		return string(text)
	}
	original := read("ibdata1")
	if _, _, err := store.PackFile(t.Context(), filepath.Join(work, "ibdata1"), work+".one", form); err != nil {
		t.Fatal(err)
	}
	finished := read("ibdata1.zst")
	inode, err := disk.IDOf(filepath.Join(work, "ibdata1.zst"))
	h.Must(err)
	testkit.Write(t, work, map[string]string{"ibdata1": original, "shop/gone.ibd.zst.tmp": "an older program's"})
	testkit.Write(t, store.PackingFolder(work), map[string]string{"0": finished[:10], "99": ""})
	out, err := h.backups().compress(t.Context(), task)
	if err != nil || !strings.Contains(out.Reason, "; 1 files were so from before") {
		t.Fatalf("%+v, %v", out, err)
	}
	if after, err := disk.IDOf(filepath.Join(work, "ibdata1.zst")); err != nil || after != inode || read("ibdata1.zst") != finished {
		t.Errorf("the finished file was compressed again: %v", err)
	}
	got := testkit.Tree(t, work)
	for name := range copied() {
		stored := name + ".zst"
		if slices.Contains(plainOnes, name) {
			stored = name
		}
		if _, there := got[stored]; !there {
			t.Errorf("%s is missing", stored)
		}
		delete(got, stored)
	}
	if delete(got, "shop/"); len(got) > 0 {
		t.Errorf("left behind: %v", got)
	}
	if there, err := disk.Exists(store.PackingFolder(work)); err != nil || there {
		t.Errorf("left beside it: %v", err)
	}
}

func TestCompressingEndsWithItsContext(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	task := h.compressTask(store.Form{Compression: "zstd"}, copied())
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(job.ErrCancelled)
	if _, err := h.backups().compress(ctx, task); !errors.Is(err, job.ErrCancelled) {
		t.Errorf("got %v", err)
	}
	form := store.Form{Compression: "zstd"}
	_, _, err := store.PackFile(ctx, filepath.Join(task.Data.Work, "ibdata1"), task.Data.Work+".one", form)
	if !errors.Is(err, job.ErrCancelled) {
		t.Errorf("within a file: %v", err)
	}
	if there, err := disk.Exists(filepath.Join(task.Data.Work, "ibdata1")); err != nil || !there {
		t.Errorf("the original is gone: %v", err)
	}
}

// No name of the server's is in the way of ours: what cannot have a compressed
// form beside it, or has a name with no room for the suffix, stays as it is.
func TestNamesThatCannotBeCompressed(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	fits, long := "shop/"+strings.Repeat("x", 251), "shop/"+strings.Repeat("y", 252)
	odd := map[string]string{"shop/dump.zst": "not compressed", "shop/dump": "beside it", "shop/dump.zst.tmp": "precious",
		"shop/b.zst/x": "in a folder", "shop/b": "named so",
		long: strings.Repeat("long ", 1000), "shop/" + strings.Repeat("z", 255): "longest"}
	files := copied()
	maps.Copy(files, odd)
	files[fits], files["shop/dump.gz"] = strings.Repeat("fits ", 1000), "of another kind"
	task := h.compressTask(store.Form{Compression: "zstd"}, files)
	out, err := h.backups().copyFinish(t.Context(), task, job.Result{Tail: completedTail})
	h.Must(err)
	task.Data = out.Data
	for range 2 { // an interruption does not change it
		out, err = h.backups().compress(t.Context(), task)
		if err != nil || !strings.Contains(out.Reason, "; 6 files stay as they are, because of their names") {
			t.Fatalf("%+v, %v", out, err)
		}
	}
	if _, err := h.Host.backups().seal(t.Context(), task); err != nil {
		t.Fatal(err)
	}
	_, err = h.backups().publish(t.Context(), task)
	h.Must(err)
	h.Records.Backups["b"] = persistence.Backup{ID: "b"}
	links, err := h.Store.Chain(t.Context(), []string{"b"})
	h.Must(err)
	for _, f := range links[0].Manifest.Files {
		if name := f.Restored().Path; (f.Plain == nil) != (odd[name] != "" && name != "shop/b.zst/x" || slices.Contains(plainOnes, name)) {
			t.Errorf("%s is stored as %s", name, f.Path)
		}
	}
	stage := filepath.Join(h.Dir, "stage")
	if _, _, err := h.Store.StageLink(t.Context(), links[0], stage, false); err != nil {
		t.Fatal(err)
	}
	got := testkit.Tree(t, stage)
	for name, text := range files {
		if got[name] != text {
			t.Errorf("%s comes back as %.20q", name, got[name])
		}
	}
}

func TestSealProvesThatFilesUncompress(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		spoil func(h *testHost, work string)
		want  string
	}{
		"forgotten": {func(h *testHost, work string) { testkit.Write(h.T, work, map[string]string{"shop/late.ibd": ""}) },
			"shop/late.ibd has not been compressed"},
		"damaged": {func(h *testHost, work string) { testkit.Write(h.T, work, map[string]string{"ibdata1.zst": "no zstd"}) },
			"the compressed file ibdata1.zst cannot be read again: "},
		"cut": {func(h *testHost, work string) { h.Must(os.Truncate(filepath.Join(work, "shop/orders.ibd.zst"), 9)) },
			"the compressed file shop/orders.ibd.zst cannot be read again: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t)
			task := h.compressTask(store.Form{Compression: "zstd"}, copied())
			if _, err := h.backups().compress(t.Context(), task); err != nil {
				t.Fatal(err)
			}
			test.spoil(h, task.Data.Work)
			_, err := h.Host.backups().seal(t.Context(), task)
			testkit.Says(t, err, test.want)
			if there, _ := disk.Exists(filepath.Join(task.Data.Work, store.ManifestName)); there {
				t.Error("there is a manifest all the same")
			}
		})
	}
}

// The original goes only when its compressed form is whole.
func TestFullDiskWhileCompressing(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	if !disktest.Enter(t) {
		return
	}
	h := newHost(t)
	h.Store.BackupDir = disktest.Small(t, 8<<20)
	random := rand.NewChaCha8([32]byte{})
	text := make([]byte, 5<<20)
	_, _ = random.Read(text)
	files := testkit.Metadata("full-backuped", "0", "100")
	files["ibdata1"] = string(text)
	task := h.compressTask(store.Form{Compression: "gzip"}, files)
	_, err := h.backups().compress(t.Context(), task)
	testkit.Says(t, err, "compress ibdata1: the disk is full: free space or make it larger, then try again")
	if got := testkit.Tree(t, task.Data.Work); got["ibdata1"] != string(text) {
		t.Error("the original is gone")
	}
}
