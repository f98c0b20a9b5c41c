package steps

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"dbcalm-db-cmd/steps/mariadbtest"
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
	stage := filepath.Join(h.dir, "stage")
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
