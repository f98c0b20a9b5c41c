package steps

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/place"
	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/stream"
	"dbcalm-db-cmd/steps/testkit"
)

func TestProgressOfACopy(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	folder := filepath.Join(h.Dir, "job")
	page := strings.Repeat("x", 16<<10)
	testkit.Write(t, h.Server.DataDir, map[string]string{"a/one.ibd": page, "a/two.ibd": page, "ibdata1": page})
	testkit.Write(t, h.Dir, map[string]string{"work/ibdata1": page, "work/ib_logfile0": page + page})
	task := Task{Data: Data{Work: filepath.Join(h.Dir, "work"), DataSize: 64 << 10, CopyStarted: time.Unix(1, 0),
		Server: &server.Info{DataDir: h.Server.DataDir}}}
	want := func(what string, done int64) {
		t.Helper()
		if p, known := h.backups().copyProgress(task, folder); !known || p.Done != done || p.Total != 64<<10 || !p.Began.Equal(time.Unix(1, 0)) {
			t.Errorf("%s: %+v, %t; want %d done", what, p, known, done)
		}
	}
	want("by the files it has written", takes(t, filepath.Join(h.Dir, "work/ibdata1")))
	testkit.Write(t, folder, map[string]string{job.ProgressFile: `{"plain": 5000, "stored": 10}`})
	want("by the stream it has given", 5000)
	testkit.Write(t, folder, map[string]string{job.ProgressFile: `{"plain": 500000, "stored": 10}`})
	want("never more than nearly all", 64<<10*99/100)
	task.Args.FromBackupID = "full"
	want("an incremental, before it tells anything", 0)
	testkit.Write(t, folder, map[string]string{job.OutputFile: "[01] 2026-11-22 22:10:00 Copying ./a/one.ibd to /x/a/one.ibd.delta\n" +
		"[02] 2026-11-22 22:10:00 Streaming ./a/two.ibd\n[01] 2026-11-22 22:10:00         ...done\n" +
		"[00] 2026-11-22 22:10:00         ...done\n" +
		"[03] 2026-11-22 22:10:01 Copying " + h.Server.DataDir + "/ibdata1 to x\n[03] 2026-11-22 22:10:01         ...done\n"})
	want("an incremental, by the files it is done with",
		takes(t, filepath.Join(h.Server.DataDir, "a/one.ibd"), filepath.Join(h.Server.DataDir, "ibdata1")))
	testkit.Write(t, folder, map[string]string{job.OutputFile: "190510 12:00:00 [01] Copying ./a/one.ibd to /x/a/one.ibd.delta\n" +
		"190510 12:00:00 [01]        ...done\n190510 12:00:00 [01] Copying ./ibdata1 to x\n"})
	want("an incremental by XtraBackup 2.4", takes(t, filepath.Join(h.Server.DataDir, "a/one.ibd")))
	testkit.Write(t, folder, map[string]string{
		job.OutputFile: "2023-05-10T12:00:00.123456-00:00 1 [Note] [MY-011825] [Xtrabackup] Copying ./a/one.ibd to /x/a/one.ibd.delta\n" +
			"2023-05-10T12:00:00.123456-00:00 1 [Note] [MY-011825] [Xtrabackup] Done: Copying ./a/one.ibd to /x/a/one.ibd.delta\n" +
			"2023-05-10T12:00:00.123456-00:00 2 [Note] [MY-011825] [Xtrabackup] Streaming ./ibdata1\n"})
	want("an incremental by XtraBackup 8", takes(t, filepath.Join(h.Server.DataDir, "a/one.ibd")))
	task.Data.DataSize = 0
	if _, known := h.backups().copyProgress(task, folder); known {
		t.Error("a total was invented")
	}
}

// takes is what files take on the disk, in bytes.
func takes(t *testing.T, paths ...string) int64 {
	t.Helper()
	var sum int64
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		sum += int64(disk.Allocated(info))
	}
	return sum
}

func TestProgressOfAPreparation(t *testing.T) {
	t.Parallel()
	h := twoLinks(t)
	folder := filepath.Join(h.Dir, "job")
	testkit.Write(t, h.Store.Folder("full"),
		map[string]string{"xtrabackup_checkpoints": "backup_type = full-backuped\nfrom_lsn = 0\nto_lsn = 1000\nlast_lsn = 3000\n"})
	testkit.Write(t, folder, map[string]string{job.OutputFile: "InnoDB: Read redo log up to LSN=1200\nInnoDB: Read redo log up to LSN=2000\n"})
	task := Task{Args: Args{IDList: []string{"full", "inc"}}}
	if p, known := h.restores().prepareProgress(task, folder); !known || p.Done != 1000 || p.Total != 2000 {
		t.Errorf("prepare: %+v, %t", p, known)
	}
	m, err := store.ReadManifest(h.Store.Folder("inc"))
	if err != nil {
		t.Fatal(err)
	}
	hash := strings.Repeat("0", 64)
	m.Folders = []string{"a"}
	m.Files = []store.ManifestFile{
		{Path: "a/t.ibd.delta", Size: 300, SHA256: hash},
		{Path: "a/u.ibd.delta.zst", Size: 1, SHA256: hash, Plain: &store.ManifestFile{Path: "a/u.ibd.delta", Size: 100, SHA256: hash}},
		{Path: "a/t.frm", Size: 50, SHA256: hash},
	}
	h.PutManifest(h.Store.Folder("inc"), m)
	task.Data.Applied, task.Data.Placement = 1, &place.Placement{Stage: filepath.Join(h.Dir, "stage")}
	testkit.Write(t, task.Data.Placement.Link(1), map[string]string{"a/t.ibd.delta": ""})
	if p, known := h.restores().applyProgress(task, folder); !known || p.Done != 100 || p.Total != 400 {
		t.Errorf("apply: %+v, %t", p, known)
	}
}

func TestMeterCountsWhatIsRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	testkit.Write(t, dir, map[string]string{"a": "12345", "b/c": "678"})
	ctx, m := disk.WithMeter(t.Context())
	if _, _, err := store.SealTree(ctx, dir, 1, store.DescribeFile); err != nil {
		t.Fatal(err)
	}
	if p := m.Progress(); p.Done != 8 || p.Total != 8 || p.Began.IsZero() {
		t.Errorf("got %+v", p)
	}
	// Without a meter the work goes on all the same.
	if _, _, err := store.SealTree(context.Background(), dir, 1, store.DescribeFile); err != nil {
		t.Error(err)
	}
}

func TestProgressOfAnUnpackedStream(t *testing.T) {
	t.Parallel()
	h := twoLinks(t)
	m, err := store.ReadManifest(h.Store.Folder("full"))
	if err != nil {
		t.Fatal(err)
	}
	m.Stream = &store.ManifestStream{File: "backup-full.xbstream", Stored: stream.Stored{StoredSize: 1000, SHA256: strings.Repeat("0", 64)}}
	h.PutManifest(h.Store.Folder("full"), m)
	folder := filepath.Join(h.Dir, "job")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	job.WriteProgress(folder, 5000, 400)
	if p, known := h.restores().unpackProgress(Task{Args: Args{IDList: []string{"full"}}}, folder); !known ||
		fmt.Sprint(p.Done, p.Total) != "400 1000" {
		t.Errorf("got %+v, %t", p, known)
	}
}
