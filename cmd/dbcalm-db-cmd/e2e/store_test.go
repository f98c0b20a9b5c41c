package e2e

import (
	"path/filepath"
	"slices"
	"testing"

	"dbcalm-db-cmd/machine/api"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// TestStoreIsReadOnly restores one chain in several ways and compares every
// byte, inode and time of the store before and after; then, since the
// server's history has forked, it refuses an incremental on what is older.
func TestStoreIsReadOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	mariadbtest.FillTables(t, w.db.DB(), 3, 100)
	w.start()
	w.succeeded(w.full("full"))
	mariadbtest.FillTables(t, w.db.DB(), 3, 10)
	atInc := mariadbtest.Fingerprint(t, w.db.DB())
	w.succeeded(w.incremental("inc", "full"))
	mariadbtest.FillTables(t, w.db.DB(), 4, 10)
	w.succeeded(w.incremental("later", "inc"))
	w.db.Stop()
	full, inc := tree(t, filepath.Join(w.backupDir, "full")), tree(t, filepath.Join(w.backupDir, "inc"))
	stored := func() {
		t.Helper()
		unchanged(t, filepath.Join(w.backupDir, "full"), full)
		unchanged(t, filepath.Join(w.backupDir, "inc"), inc)
	}
	v := w.succeeded(w.restore(api.TargetFolder, "full", "inc"))
	stored()
	for range 2 {
		w.loseData()
		w.succeeded(w.restore(api.TargetDatabase, "full", "inc"))
		stored()
	}
	for _, dir := range []string{filepath.Join(v.Args.TmpDir, "full"), w.db.DataDir} {
		w.db.StartOn(dir)
		w.holds(atInc)
		w.db.Stop()
	}
	if left := entries(t, w.backupDir); !slices.Equal(left, []string{"full", "inc", "later", "restores"}) {
		t.Errorf("the store holds %v", left)
	}
	w.db.Start()
	for _, base := range []string{"full", "inc", "later"} {
		_, err := w.client.IncrementalBackup(w.ctx(), api.BackupRequest{ID: "forked", FromBackupID: base})
		refused(t, err, 409, "backup '"+base+"' was taken before the data directory was restored on ", ": take a full backup first")
	}
	w.succeeded(w.full("new"))
	w.succeeded(w.incremental("new-inc", "new"))
}

// TestIncrementalOfAnotherData refuses a base whose data the server never had:
// it was installed anew since, or somebody put other data into place.
func TestIncrementalOfAnotherData(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.start()
	w.succeeded(w.full("full"))
	other := mariadbtest.Start(t)
	// It has come further than the backup, so its LSN gives nothing away.
	mariadbtest.FillTables(t, other.DB(), 3, 100)
	w.stop()
	w.configure("data_dir", other.DataDir)
	w.configure("backup_credentials_file", other.CredentialsFile)
	w.start()
	w.failed(w.incremental("inc", "full"), "backup 'full' is of another data directory (created ", "): take a full backup")
	if left := entries(t, w.backupDir); !slices.Equal(left, []string{"full"}) {
		t.Errorf("the store holds %v", left)
	}
}
