package steps

import (
	"context"
	"testing"

	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/testkit"
)

// TestUnrecordSparesANewerBackup retries a halted deletion after its backup has
// been deleted by another operation and made anew.
func TestUnrecordSparesANewerBackup(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	deletion := Task{Operation: "o", Args: Args{ID: "id"}}
	outcome, err := h.deletions().unrecord(context.Background(), deletion)
	if err != nil || outcome.DeleteBackup != "id" {
		t.Errorf("nothing left: got %+v, %v", outcome, err)
	}
	testkit.Write(t, h.Store.Folder("id"), map[string]string{store.ManifestName: "{}"})
	outcome, err = h.deletions().unrecord(context.Background(), deletion)
	if err != nil || outcome.DeleteBackup != "" || outcome.Event != EventOK {
		t.Errorf("a newer backup is there: got %+v, %v", outcome, err)
	}
}
