package steps

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/testkit"
)

// backupTask is an attempt at a backup whose copy the tool has just made.
func (h *testHost) backupTask(operation, id, from string, files map[string]string) Task {
	h.T.Helper()
	t := Task{Operation: operation, Attempt: 1, Args: Args{ID: id, FromBackupID: from, ScheduleID: new(int64)}}
	t.Data.Tool = &mariabackup
	h.WriteCredentials("[client-dbcalm]\nuser=backup\npassword=s3cret\nsocket=/s\n")
	out, err := h.backups().reserveWork(h.T.Context(), t)
	if err != nil {
		h.T.Fatal(err)
	}
	testkit.Write(h.T, out.Data.Work, files)
	t.Data = out.Data
	// It was taken of a server that is not there to be asked.
	t.Data.Server = &server.Info{Flavour: server.MariaDB, Version: "10.11.6-MariaDB", UID: "uid", DataDir: "/var/lib/mysql/"}
	return t
}

func TestBackupIsSealedPublishedAndRecorded(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.Backup("full", "", "0", "100", nil)
	files := testkit.Metadata("incremental", "100", "150")
	files["shop/orders.ibd.delta"] = "changes"
	task := h.backupTask("op", "inc", "full", files)
	// What a crash while the manifest was written leaves, is no part of it.
	testkit.Write(t, task.Data.Work, map[string]string{store.ManifestName: "{", store.ManifestName + ".tmp": "{"})
	for _, step := range []func(context.Context, Task) (Outcome, error){
		h.Host.backups().seal, h.Host.backups().seal, h.backups().publish, h.backups().publish,
	} {
		out, err := step(t.Context(), task)
		if err != nil || out.Event != EventOK {
			t.Fatalf("%+v, %v", out, err)
		}
		task.Data = out.Data
	}
	got := testkit.Tree(t, h.Store.BackupDir)
	if got["inc/shop/orders.ibd.delta"] != "changes" ||
		slices.ContainsFunc([]string{".partial/", "inc/" + store.ManifestName + ".tmp"}, func(name string) bool {
			_, there := got[name]
			return there
		}) {
		t.Errorf("the store holds %v", got)
	}
	text, err := os.ReadFile(filepath.Join(h.Store.Folder("inc"), store.ManifestName))
	if err != nil || strings.Contains(string(text), "s3cret") {
		t.Errorf("the manifest: %v\n%s", err, text)
	}
	var m store.Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	if m.Format != 1 || m.ID != "inc" || m.ParentID != "full" || m.Kind != "incremental" || m.Operation != "op" ||
		m.FromLSN != 100 || m.ToLSN != 150 || m.Tool != mariabackup || m.Server.UID != "uid" || len(m.Files) != 4 ||
		m.Size == 0 || !strings.Contains(m.Options, "--incremental-basedir="+h.Store.Folder("full")) {
		t.Errorf("the manifest: %+v", m)
	}
	out, err := h.backups().recordBackup(t.Context(), task)
	if err != nil {
		t.Fatal(err)
	}
	b := out.Backup
	if b.ManifestSHA256 != store.ManifestSum(text) || task.Data.Manifest != b.ManifestSHA256 {
		t.Errorf("the manifest's SHA-256 is recorded as %s", b.ManifestSHA256)
	}
	testkit.Write(t, h.Store.Folder("inc"), map[string]string{store.ManifestName: string(text) + " "})
	_, err = h.backups().recordBackup(t.Context(), task)
	testkit.Says(t, err, "the dbcalm.json of backup 'inc' has been changed by somebody else since it was written", "take the backup again")
	testkit.Write(t, h.Store.Folder("inc"), map[string]string{store.ManifestName: string(text)})
	if b.ID != "inc" || b.FromBackupID != "full" || *b.ScheduleID != 0 || *b.Size != m.Size || !b.StartTime.Equal(task.Data.CopyStarted) ||
		b.EndTime.Before(b.StartTime) {
		t.Errorf("the row: %+v", b)
	}
	h.Records.Backups["inc"] = *b
	if _, err := h.Store.Chain(t.Context(), []string{"full", "inc"}); err != nil {
		t.Errorf("the chain: %v", err)
	}
}

func TestBackupIsNotSealedWithoutProof(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.Backup("full", "", "0", "100", nil)
	task := h.backupTask("op", "inc", "full", testkit.Metadata("incremental", "90", "150"))
	_, err := h.Host.backups().seal(t.Context(), task)
	testkit.Says(t, err, "an incremental from LSN 100 was asked for")
	if there, _ := disk.Exists(filepath.Join(task.Data.Work, store.ManifestName)); there {
		t.Error("there is a manifest all the same")
	}
}

func TestLoserOfARaceCleansOnlyItsOwn(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	loser := h.backupTask("loser", "b", "", testkit.Metadata("full-backuped", "0", "100"))
	winner := h.backupTask("winner", "b", "", testkit.Metadata("full-backuped", "0", "200"))
	for _, task := range []Task{loser, winner} {
		if _, err := h.Host.backups().seal(t.Context(), task); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.backups().publish(t.Context(), winner); err != nil {
		t.Fatal(err)
	}
	before := testkit.Tree(t, h.Store.Folder("b"))
	_, err := h.backups().publish(t.Context(), loser)
	testkit.Says(t, err, "the folder "+h.Store.Folder("b")+" has appeared meanwhile; it is left alone and this backup is given up")
	if _, done, err := h.backups().probePublished(t.Context(), loser); done || err != nil {
		t.Errorf("the loser takes the winner's for its own: %t, %v", done, err)
	}
	out, err := h.backups().discardBackup(t.Context(), loser)
	if err != nil || out.Event != EventFailed {
		t.Errorf("discard: %+v, %v", out, err)
	}
	if after := testkit.Tree(t, h.Store.BackupDir); len(after) != len(before)+1 ||
		after["b/"+store.ManifestName] != before[store.ManifestName] {
		t.Errorf("the store holds %v", after)
	}
}

func TestDiscardRemovesWhatThisOperationPublished(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.Backup("other", "", "0", "100", nil)
	task := h.backupTask("op", "b", "", testkit.Metadata("full-backuped", "0", "100"))
	if _, err := h.Host.backups().seal(t.Context(), task); err != nil {
		t.Fatal(err)
	}
	if _, err := h.backups().publish(t.Context(), task); err != nil {
		t.Fatal(err)
	}
	if _, done, err := h.backups().probePublished(t.Context(), task); !done || err != nil {
		t.Errorf("published, but %t, %v", done, err)
	}
	task.Cancelled = true
	for range 2 {
		out, err := h.backups().discardBackup(t.Context(), task)
		if err != nil || out.Event != EventCancelled {
			t.Errorf("discard: %+v, %v", out, err)
		}
	}
	entries, err := os.ReadDir(h.Store.BackupDir)
	if err != nil || len(entries) != 1 || entries[0].Name() != "other" {
		t.Errorf("the store holds %v, %v", entries, err)
	}
}

func TestCopyIsProved(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		result job.Result
		files  map[string]string
		want   []string
	}{
		"success": {job.Result{Tail: completedTail}, testkit.Metadata("full-backuped", "0", "100"), nil},
		"failed": {job.Result{ExitCode: 1, Tail: "Access denied for user 'backup'@'localhost'\n"}, testkit.Metadata("full-backuped", "0", "100"),
			[]string{"mariabackup failed with exit code 1: the server refused the backup user's login",
				"last lines of the program:\nAccess denied"}},
		"complained": {job.Result{Tail: completedTail, Complaints: []string{"Error: write (errno: 28 \"No space left on device\"), s3cret"}},
			testkit.Metadata("full-backuped", "0", "100"),
			[]string{"mariabackup claims success, but complained while it copied: the disk is full", "Error: write", "***"}},
		"empty metadata": {job.Result{Tail: completedTail}, map[string]string{
			"xtrabackup_checkpoints": testkit.Checkpoints("full-backuped", "0", "1", "1"),
			"xtrabackup_info":        "", "backup-my.cnf": "[mysqld]\na=b\n"},
			[]string{"mariabackup claims success, but read metadata: xtrabackup_info is empty"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t)
			task := h.backupTask("op", "b", "", test.files)
			out, err := h.backups().copyFinish(t.Context(), task, test.result)
			if test.want != nil {
				testkit.Says(t, err, test.want...)
				if err != nil && strings.Contains(err.Error(), "s3cret") {
					t.Errorf("the error tells the password: %v", err)
				}
				return
			}
			if err != nil || out.Event != EventOK || !strings.Contains(out.Reason, "copied up to LSN 100") {
				t.Errorf("%+v, %v", out, err)
			}
		})
	}
	h := newHost(t)
	task := h.backupTask("op", "inc", "gone", testkit.Metadata("incremental", "100", "150"))
	_, err := h.backups().copyFinish(t.Context(), task, job.Result{Tail: completedTail})
	testkit.Says(t, err, "claims success, but read metadata: xtrabackup_checkpoints is missing")
}

// Where the binary log was is in the manifest; where the tool does not tell, or
// tells nonsense, the seal says so, and the backup is none the worse.
func TestSealNotesWhereTheBinaryLogWas(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		line string
		want *server.Position
		says string
	}{
		{"binlog_pos = filename 'b.1', position '4', GTID of the last change '0-1-2'\n",
			&server.Position{File: "b.1", Offset: 4, GTID: "0-1-2"}, "hashed and on disk"},
		{"binlog_pos = ?\n", nil,
			"; where the binary log was is not known: read metadata xtrabackup_info: its binlog_pos is not to be understood"},
		{"binlog_pos = \n", nil, "; where the binary log was is not known: the tool did not tell"},
	} {
		h := newHost(t)
		files := testkit.Metadata("full-backuped", "0", "100")
		files["xtrabackup_info"] += test.line
		task := h.backupTask("op", "full", "", files)
		task.Data.Server.Binlog = true
		out, err := h.Host.backups().seal(t.Context(), task)
		if err != nil || !strings.HasSuffix(out.Reason, test.says) {
			t.Errorf("%q: %q, %v", test.line, out.Reason, err)
		}
		m, err := store.ReadManifest(task.Data.Work)
		h.Must(err)
		if !reflect.DeepEqual(m.Binlog, test.want) {
			t.Errorf("%q: the manifest says %v", test.line, m.Binlog)
		}
	}
}
