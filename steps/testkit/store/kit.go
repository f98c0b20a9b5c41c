package storetest

import (
	"path/filepath"
	"testing"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/testkit"
)

// Kit is a store in a test's own folder, with an empty data directory and state
// folder beside it.
type Kit struct {
	testkit.Test
	Backups *store.Store
	Records *Records
}

// New returns an empty store.
func New(t *testing.T) *Kit {
	t.Helper()
	k := &Kit{Test: testkit.NewTest(t, "backups", "data", "state"), Records: &Records{Backups: map[string]persistence.Backup{}}}
	k.Backups = &store.Store{BackupDir: filepath.Join(k.Dir, "backups"), Parallel: 2, Catalog: k.Records}
	return k
}

// TwoLinks stores a full backup and an incremental on it.
func (k *Kit) TwoLinks() {
	k.T.Helper()
	k.Backup("full", "", "0", "100", map[string]string{"ibdata1": "system", "shop/orders.ibd": "rows", "shop/notes.frm": ""})
	k.Backup("inc", "full", "100", "150",
		map[string]string{"ibdata1.delta": "d", "shop/orders.ibd.delta": "changes", "shop/orders.ibd.meta": "m"})
}
