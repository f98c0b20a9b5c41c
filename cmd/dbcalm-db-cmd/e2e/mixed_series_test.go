//go:build matrix

package e2e

import (
	"maps"
	"os"
	"path/filepath"
	"testing"

	"dbcalm-db-cmd/machine/api"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// TestMixedSeries mixes two series of MariaDB in all ways that people do, with the
// server that the environment names as the older one: a tool of the other series,
// an incremental after an upgrade, a backup restored after it.
func TestMixedSeries(t *testing.T) {
	older, newer := realServer{folder: os.Getenv("MATRIX_FOLDER")}, realServer{folder: os.Getenv("MATRIX_NEWER")}
	if older.folder == "" || newer.folder == "" {
		t.Fatal("MATRIX_FOLDER and MATRIX_NEWER name no servers: run make matrix")
	}
	// An upgrade puts another program in the place of the old one.
	programs := t.TempDir()
	t.Setenv("PATH", programs+":"+os.Getenv("PATH"))
	install := func(s realServer) {
		t.Setenv("MY_BASEDIR_VERSION", filepath.Join(s.folder, "usr"))
		for _, name := range []string{"mariadbd", "mariadb-install-db"} {
			link := filepath.Join(programs, name)
			if err := os.Remove(link); err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			if err := os.Symlink(s.program(name), link); err != nil {
				t.Fatal(err)
			}
		}
	}
	install(older)
	w := newWorld(t, worldOptions{config: map[string]string{"backup_bin": older.program("mariadb-backup")}})
	use := func(s realServer) {
		w.stop()
		w.configure("backup_bin", s.program("mariadb-backup"))
		w.start()
	}
	mariadbtest.FillTables(t, w.db.DB(), 6, 50)
	want := mariadbtest.Fingerprint(t, w.db.DB())
	w.start()
	w.succeeded(w.full("old"))
	use(newer)
	w.failed(w.full("misfit"), " does not fit MariaDB ", "from the same source as the server")

	w.db.Stop()
	install(newer)
	w.db.Start()
	w.failed(w.incremental("inc", "old"), "backup 'old' is of MariaDB ", "no tool prepares a chain of two series: take a full backup")
	w.succeeded(w.full("new"))
	w.succeeded(w.incremental("inc", "new"))
	w.failed(w.restore(api.TargetFolder, "old"), "backup 'old' cannot be prepared: mariabackup ", " does not fit MariaDB ")

	// With the tool of its series it comes back, and the newer server takes it.
	use(older)
	view := w.succeeded(w.restore(api.TargetFolder, "old"))
	w.db.Stop()
	w.db.StartOn(filepath.Join(view.Args.TmpDir, "old"))
	if got := mariadbtest.Fingerprint(t, w.db.DB()); !maps.Equal(got, want) {
		t.Errorf("restored %v, want %v", got, want)
	}
}
