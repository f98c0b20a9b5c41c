package steps

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"dbcalm-db-cmd/steps/mariadbtest"
)

// TestPlaceIsContentWithAStartedServer runs the step again after a power cut
// that came between its last rename and its record: the machine has started
// its server, as it does, on data that is all there.
func TestPlaceIsContentWithAStartedServer(t *testing.T) {
	t.Parallel()
	server := mariadbtest.Start(t)
	h := newHost(t)
	h.DataDir, h.CredentialsFile = server.DataDir, server.CredentialsFile
	p := &Placement{Mode: PlaceEntries, Target: server.DataDir, Stage: filepath.Join(server.DataDir, ".dbcalm-o")}
	for _, name := range []string{firstEntry, lastEntry} {
		id, err := fileID(filepath.Join(server.DataDir, name))
		if err != nil {
			t.Fatal(err)
		}
		p.Entries = append(p.Entries, PlacedEntry{name, id})
	}
	// Servers give their redo log another size, which makes it another file.
	p.Entries[0].Inode = 0
	write(t, p.Stage, map[string]string{"0/left": ""})
	if _, err := h.place(context.Background(), Task{Operation: "o", Data: Data{Placement: p}}); err != nil {
		t.Errorf("place: %v", err)
	}
	if there, err := exists(p.Stage); err != nil || there {
		t.Errorf("the stage is left: %v", err)
	}
	if _, err := os.Stat(filepath.Join(server.DataDir, lastEntry)); err != nil || !server.Running() {
		t.Errorf("the server lost its data: %v", err)
	}
}
