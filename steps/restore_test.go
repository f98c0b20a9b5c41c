package steps

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// TestDiscardLeavesARunningServerAlone lets somebody start a server on what a
// restore has put into place, before the restore fails after all.
func TestDiscardLeavesARunningServerAlone(t *testing.T) {
	t.Parallel()
	server := mariadbtest.Start(t)
	h := newHost(t)
	h.DataDir, h.CredentialsFile = server.DataDir, server.CredentialsFile
	folder, err := fileID(server.DataDir)
	if err != nil {
		t.Fatal(err)
	}
	ibdata, err := fileID(filepath.Join(server.DataDir, "ibdata1"))
	if err != nil {
		t.Fatal(err)
	}
	stage := filepath.Join(h.Dir, "stage")
	for name, p := range map[string]*Placement{
		"swapped": {Mode: PlaceSwap, Target: server.DataDir, Stage: stage, Folder: &folder, Replaced: &FileID{}},
		"entries": {Mode: PlaceEntries, Target: server.DataDir, Stage: stage, Entries: []PlacedEntry{{"ibdata1", ibdata}}},
	} {
		_, err := h.discardRestore(context.Background(), Task{Operation: "o", Data: Data{Placement: p}})
		if !errors.Is(err, ErrServerRunning) {
			t.Errorf("%s: got %v, want %v", name, err, ErrServerRunning)
		}
		if !ibdata.is(filepath.Join(server.DataDir, "ibdata1")) || !folder.is(server.DataDir) {
			t.Fatalf("%s: files were moved away under the server", name)
		}
	}
	server.Stop()
	p := &Placement{Mode: PlaceSwap, Target: server.DataDir, Stage: stage, Folder: &folder, Replaced: &FileID{}}
	if _, err := h.discardRestore(context.Background(), Task{Operation: "o", Data: Data{Placement: p}}); err != nil {
		t.Errorf("the server is down: %v", err)
	}
	if left, err := os.ReadDir(server.DataDir); err != nil || len(left) > 0 {
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
				r.Must(os.Chmod(r.DataDir, 0o711))
				if r.p.Mode == PlaceSwap {
					r.Must(os.Chmod(r.p.prepared(), 0o711))
				}
				interrupt(r)
				r.task.Cancelled = true
				for range 2 {
					out, err := r.discardRestore(t.Context(), r.task)
					if err != nil || out.Event != EventCancelled {
						t.Fatalf("%+v, %v", out, err)
					}
				}
				info, err := os.Stat(r.DataDir)
				if err != nil || info.Mode().Perm() != 0o711 {
					t.Errorf("the data directory: %v, %v", info, err)
				}
				if left := readDir(t, r.DataDir); len(left) > 0 {
					t.Errorf("it holds %q", left)
				}
				if left := readDir(t, r.BackupDir); len(left) != 1 {
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
	if out, err := h.discardRestore(t.Context(), Task{Operation: "op"}); err != nil || out.Event != EventFailed {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestRestoreIsRecorded(t *testing.T) {
	t.Parallel()
	h := twoLinks(t)
	began := time.Now().Add(-time.Hour).UTC()
	task := h.restoreTask("full", "inc")
	task.CreatedAt = began
	out, err := h.recordRestore(t.Context(), task)
	if err != nil {
		t.Fatal(err)
	}
	r := out.Restore
	if r.BackupID != "full" || !r.BackupTimestamp.Equal(h.records.backups["inc"].StartTime) || r.Target != "folder" ||
		r.TargetPath != filepath.Join(task.Args.TmpDir, "full") || !r.StartTime.Equal(began) || r.EndTime.Before(began) {
		t.Errorf("the row: %+v", r)
	}
	delete(h.records.backups, "inc")
	if out, err := h.recordRestore(t.Context(), task); err != nil || out.Restore != nil || out.Event != EventOK {
		t.Errorf("the record of the last link is gone: %+v, %v", out, err)
	}
	h.records.err = errCatalog
	if _, err := h.recordRestore(t.Context(), task); !errors.Is(err, errCatalog) {
		t.Errorf("an error of the catalog: %v", err)
	}
}
