package store_test

import (
	"testing"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/testkit"
)

func TestUnrecordedBackupsAreFound(t *testing.T) {
	t.Parallel()
	h := twoLinks(t)
	testkit.Write(t, h.BackupDir, map[string]string{
		"foreign/file": "", "file": "", "broken/" + store.ManifestName: "{", "copy/" + store.ManifestName: `{"id":"full"}`,
		".partial/op-1/" + store.ManifestName: `{"id":".partial"}`,
	})
	lost, err := h.Unrecorded([]persistence.Backup{{ID: "full"}})
	if err != nil || len(lost) != 1 || lost[0].ID != "inc" || lost[0].ParentID != "full" {
		t.Errorf("%+v, %v", lost, err)
	}
	h.BackupDir += "/nowhere"
	if lost, err := h.Unrecorded(nil); err != nil || len(lost) > 0 {
		t.Errorf("without a store: %+v, %v", lost, err)
	}
}
