package steps

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/place"
	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/store"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
	storetest "dbcalm-db-cmd/steps/testkit/store"
)

// TestDiscardLeavesARunningServerAlone lets somebody start a server on what a
// restore has put into place, before the restore fails after all.
func TestDiscardLeavesARunningServerAlone(t *testing.T) {
	t.Parallel()
	mariadb := mariadbtest.Start(t)
	h := newHost(t)
	h.Server.DataDir, h.Server.CredentialsFile = mariadb.DataDir, mariadb.CredentialsFile
	folder, err := disk.IDOf(mariadb.DataDir)
	if err != nil {
		t.Fatal(err)
	}
	ibdata, err := disk.IDOf(filepath.Join(mariadb.DataDir, "ibdata1"))
	if err != nil {
		t.Fatal(err)
	}
	stage := filepath.Join(h.Dir, "stage")
	for name, p := range map[string]*place.Placement{
		"swapped": {Mode: place.Swap, Target: mariadb.DataDir, Stage: stage, Folder: &folder, Replaced: &disk.FileID{}},
		"entries": {Mode: place.Entries, Target: mariadb.DataDir, Stage: stage, Entries: []place.Entry{{Name: "ibdata1", FileID: ibdata}}},
	} {
		_, err := h.restores().discardRestore(context.Background(), Task{Operation: "o", Data: Data{Placement: p}})
		if !errors.Is(err, server.ErrServerRunning) {
			t.Errorf("%s: got %v, want %v", name, err, server.ErrServerRunning)
		}
		if !ibdata.Is(filepath.Join(mariadb.DataDir, "ibdata1")) || !folder.Is(mariadb.DataDir) {
			t.Fatalf("%s: files were moved away under the server", name)
		}
	}
	mariadb.Stop()
	p := &place.Placement{Mode: place.Swap, Target: mariadb.DataDir, Stage: stage, Folder: &folder, Replaced: &disk.FileID{}}
	if _, err := h.restores().discardRestore(context.Background(), Task{Operation: "o", Data: Data{Placement: p}}); err != nil {
		t.Errorf("the server is down: %v", err)
	}
	if left, err := os.ReadDir(mariadb.DataDir); err != nil || len(left) > 0 {
		t.Errorf("after the undo the data directory holds %v, %v", left, err)
	}
}

func TestRestoreIsUndoneFromWhereverItBrokeOff(t *testing.T) {
	t.Parallel()
	for _, mode := range modes {
		for point, interrupt := range interruptions(mode) {
			t.Run(mode+" "+point, func(t *testing.T) {
				t.Parallel()
				r := newPlacement(t, mode)
				r.Must(os.Chmod(r.Server.DataDir, 0o711))
				if r.p.Mode == place.Swap {
					r.Must(os.Chmod(r.p.Prepared(), 0o711))
				}
				interrupt(r)
				r.task.Cancelled = true
				for range 2 {
					out, err := r.restores().discardRestore(t.Context(), r.task)
					if err != nil || out.Event != EventCancelled {
						t.Fatalf("%+v, %v", out, err)
					}
				}
				info, err := os.Stat(r.Server.DataDir)
				if err != nil || info.Mode().Perm() != 0o711 {
					t.Errorf("the data directory: %v, %v", info, err)
				}
				if left := readDir(t, r.Server.DataDir); len(left) > 0 {
					t.Errorf("it holds %q", left)
				}
				if left := readDir(t, r.Store.BackupDir); len(left) != 1 {
					t.Errorf("the store holds %q", left)
				}
				r.nothingLeft()
			})
		}
	}
}

func TestDiscardBeforeAnythingWasPlanned(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	if out, err := h.restores().discardRestore(t.Context(), Task{Operation: "op"}); err != nil || out.Event != EventFailed {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestRestoreIsRecorded(t *testing.T) {
	t.Parallel()
	h := twoLinks(t)
	began := time.Now().Add(-time.Hour).UTC()
	task := h.restoreTask("full", "inc")
	task.CreatedAt = began
	out, err := h.restores().recordRestore(t.Context(), task)
	if err != nil {
		t.Fatal(err)
	}
	r := out.Restore
	if r.BackupID != "full" || !r.BackupTimestamp.Equal(h.Records.Backups["inc"].StartTime) || r.Target != "folder" ||
		r.TargetPath != filepath.Join(task.Args.TmpDir, "full") || !r.StartTime.Equal(began) || r.EndTime.Before(began) {
		t.Errorf("the row: %+v", r)
	}
	delete(h.Records.Backups, "inc")
	if out, err := h.restores().recordRestore(t.Context(), task); err != nil || out.Restore != nil || out.Event != EventOK {
		t.Errorf("the record of the last link is gone: %+v, %v", out, err)
	}
	h.Records.Err = storetest.ErrCatalog
	if _, err := h.restores().recordRestore(t.Context(), task); !errors.Is(err, storetest.ErrCatalog) {
		t.Errorf("an error of the catalog: %v", err)
	}
}

// The last line of a restore says where the binary log was, and what to run.
func TestRestoreTellsWhereTheBinaryLogWas(t *testing.T) {
	t.Parallel()
	h := twoLinks(t)
	m, err := store.ReadManifest(h.Store.Folder("inc"))
	h.Must(err)
	m.Server.Flavour, m.Server.Version = server.MariaDB, "10.11.19-MariaDB"
	target := TargetFolder
	told := func() string {
		t.Helper()
		h.PutManifest(h.Store.Folder("inc"), m)
		out, err := h.restores().recordRestore(t.Context(), Task{Args: Args{IDList: []string{"full", "inc"}, Target: target},
			Data: Data{Placement: &place.Placement{Target: "/data"}}})
		h.Must(err)
		return out.Reason
	}
	if got := told(); got != "restored into /data" {
		t.Errorf("without a binary log: %s", got)
	}
	m.Server.BinlogFolder = "/var/log/mysql"
	if got := told(); got != "restored into /data" {
		t.Errorf("to a folder: %s", got)
	}
	target = TargetDatabase
	if got, want := told(), "restored into /data; the server's binary log in /var/log/mysql stays as it is, and has what came after the "+
		"backup: move its files away before the server is started, or it takes that for done"; got != want {
		t.Errorf("beside a binary log elsewhere: %s", got)
	}
	target = TargetFolder
	m.Binlog = &server.Position{File: "b.000007", Offset: 329, GTID: "0-1-5"}
	want := "restored into /data; the binary log was in b.000007 at 329, GTID 0-1-5; to make a replica of this: " +
		"SET GLOBAL gtid_slave_pos = '0-1-5'; CHANGE MASTER TO "
	if got := told(); !strings.HasPrefix(got, want) || !strings.HasSuffix(got, " START SLAVE;") {
		t.Errorf("got %s", got)
	}
	m.Binlog.GTID = strings.Repeat("0-1-5,", 100)
	want = "restored into /data; the binary log was in b.000007 at 329; its GTID, and how to make a replica of this: " +
		"dbcalm-db-cmd backups show inc"
	if got := told(); got != want {
		t.Errorf("a long GTID: %s", got)
	}
	m.Binlog.Offset = 0
	if got := told(); !strings.HasPrefix(got, "restored into /data; where the binary log was cannot be told: read manifest of ") {
		t.Errorf("a manifest that cannot be read: %s", got)
	}
}
