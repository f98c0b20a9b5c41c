package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"dbcalm-db-cmd/machine/api"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// TestTablesOutsideTheDataDirectory restores tables made with DATA DIRECTORY
// into the data directory itself: at their old place lie files of the server
// that was, or still is.
func TestTablesOutsideTheDataDirectory(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"directory", "zstd stream"} {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			tablesOutsideTheDataDirectory(t, form)
		})
	}
}

func tablesOutsideTheDataDirectory(t *testing.T, form string) {
	w := newWorld(t, worldOptions{})
	w.configureForm(form)
	outside := filepath.Join(w.dir, "outside")
	if err := os.Mkdir(outside, 0o750); err != nil {
		t.Fatal(err)
	}
	w.db.Exec("CREATE DATABASE d",
		"CREATE TABLE d.apart (n INT PRIMARY KEY) ENGINE=InnoDB DATA DIRECTORY='"+outside+"'", "INSERT INTO d.apart VALUES (1)",
		"CREATE TABLE d.old (n INT PRIMARY KEY) ENGINE=MyISAM DATA DIRECTORY='"+outside+"'", "INSERT INTO d.old VALUES (1)")
	w.db.Stop()
	w.db.Start()
	w.start()
	w.succeeded(w.full("full"))
	w.db.Exec("INSERT INTO d.apart VALUES (2)", "INSERT INTO d.old VALUES (2)")
	want := mariadbtest.Fingerprint(t, w.db.DB())
	w.succeeded(w.incremental("inc", "full"))
	w.db.Exec("INSERT INTO d.apart VALUES (3)", "INSERT INTO d.old VALUES (3)")
	folder := w.succeeded(w.restore(api.TargetFolder, "full", "inc"))
	w.db.Stop()
	before := tree(t, outside)
	w.loseData()
	w.succeeded(w.restore(api.TargetDatabase, "full", "inc"))
	w.db.Start()
	w.holds(want)
	w.db.Stop()
	w.db.StartOn(filepath.Join(folder.Args.TmpDir, "full"))
	w.holds(want)
	w.db.Stop()
	unchanged(t, outside, before)
}
