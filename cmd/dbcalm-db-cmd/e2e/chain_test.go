package e2e

import (
	"maps"
	"path/filepath"
	"testing"

	"dbcalm-db-cmd/machine/api"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// TestChainComesBack takes a full and three incremental backups under a
// running writer and restores the chain twice, to the database and to a
// folder, each compared row by row.
func TestChainComesBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	mariadbtest.FillTables(t, w.db.DB(), 12, 300)
	writer := mariadbtest.StartWriter(t, w.db.DB())
	w.start()
	w.succeeded(w.full("full"))
	for _, link := range [][2]string{{"inc1", "full"}, {"inc2", "inc1"}, {"inc3", "inc2"}} {
		mariadbtest.FillTables(t, w.db.DB(), 12, 50)
		w.succeeded(w.incremental(link[0], link[1]))
	}
	writer.Stop()
	chain := []string{"full", "inc1", "inc2", "inc3"}
	first := w.succeeded(w.restore(api.TargetFolder, chain...))
	w.db.Stop()
	var prints []map[string]string
	for range 2 {
		w.loseData()
		w.succeeded(w.restore(api.TargetDatabase, chain...))
		w.db.Start()
		prints = append(prints, w.checked())
		w.db.Stop()
	}
	w.db.StartOn(filepath.Join(first.Args.TmpDir, "full"))
	prints = append(prints, w.checked())
	if !maps.Equal(prints[0], prints[1]) || !maps.Equal(prints[0], prints[2]) {
		t.Errorf("the same chain came back differently:\n%v\n%v\n%v", prints[0], prints[1], prints[2])
	}
	if len(prints[0]) < 12 {
		t.Errorf("only %d tables came back", len(prints[0]))
	}
}

// checked checks every table of the running server and returns their
// fingerprints.
func (w *world) checked() map[string]string {
	w.t.Helper()
	if err := mariadbtest.CheckTables(w.db.DB()); err != nil {
		w.t.Error(err)
	}
	if err := mariadbtest.VerifyInvariant(w.db.DB()); err != nil {
		w.t.Error(err)
	}
	return mariadbtest.Fingerprint(w.t, w.db.DB())
}
