package e2e

import (
	"testing"

	"dbcalm-db-cmd/machine/api"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// TestServerWithFilesElsewhere refuses to put a server's files back into its
// data directory alone, though no option file of it is configured; its backup
// can be restored to a folder.
func TestServerWithFilesElsewhere(t *testing.T) {
	t.Parallel()
	undo := t.TempDir()
	w := newWorld(t, worldOptions{server: []mariadbtest.Option{mariadbtest.WithArgs("--innodb-undo-directory=" + undo)}})
	w.start()
	w.succeeded(w.full("full"))
	w.succeeded(w.restore(api.TargetFolder, "full"))
	w.db.Stop()
	w.loseData()
	w.failed(w.restore(api.TargetDatabase, "full"), "innodb-undo-directory="+undo, "restore to a folder")
	if left := entries(t, w.db.DataDir); len(left) != 0 {
		t.Errorf("in the data directory: %v", left)
	}
}
