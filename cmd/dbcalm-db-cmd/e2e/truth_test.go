package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// TestTableLeftOutIsToldByTheNextDaemon: the tool leaves a table out and says
// that all is well. The daemon that knew what the server had is gone by then.
func TestTableLeftOutIsToldByTheNextDaemon(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	mariadbtest.FillTables(t, w.db.DB(), 1, 50)
	w.db.Exec("CREATE TABLE fill.put LIKE fill.t000", "ALTER TABLE fill.put DISCARD TABLESPACE")
	conn, err := w.db.DB().Conn(w.ctx())
	if err != nil {
		t.Fatal(err)
	}
	if _, err = conn.ExecContext(w.ctx(), "FLUSH TABLES fill.t000 FOR EXPORT"); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{".ibd", ".cfg"} {
		file := filepath.Join(w.db.DataDir, "fill", "t000"+suffix)
		if out, err := exec.Command("cp", file, filepath.Join(w.db.DataDir, "fill", "put"+suffix)).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	if _, err = conn.ExecContext(w.ctx(), "UNLOCK TABLES"); err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	w.db.Exec("ALTER TABLE fill.put IMPORT TABLESPACE")
	g := w.newGate("gate")
	w.useTool(`if [ "$doing" = backup ]; then ` + g.wait() + "; fi")
	w.start()
	operation, _ := w.slowBackup("full", g)
	w.kill()
	w.start()
	g.open(t)
	w.failed(operation, "claims success, but left out what the server had before the copy and has after it: fill.put: ",
		"innodb_max_dirty_pages_pct = 0")
	w.nothingLeft()
	// What it says to do helps.
	w.db.Exec("SET GLOBAL innodb_max_dirty_pages_pct_lwm = 0, GLOBAL innodb_max_dirty_pages_pct = 0")
	w.eventually("the server has written a checkpoint", func() bool {
		var name string
		var age int
		return w.db.DB().QueryRow("SHOW GLOBAL STATUS LIKE 'Innodb_checkpoint_age'").Scan(&name, &age) == nil && age < 1000
	})
	w.succeeded(w.full("whole"))
	w.succeeded(w.verify("whole", "boot"))
	w.nothingLeft("whole")
}

// TestBrokenOnTheServer: what the server itself cannot use is told, is not held
// against its backups, and ends no chain. What breaks in the backup alone is.
func TestBrokenOnTheServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	mariadbtest.FillTables(t, w.db.DB(), 3, 50)
	w.db.Exec("CREATE TABLE fill.`orphän` (id INT PRIMARY KEY) ENGINE=InnoDB",
		"CREATE TABLE fill.discarded (id INT PRIMARY KEY) ENGINE=InnoDB", "ALTER TABLE fill.discarded DISCARD TABLESPACE",
		"CREATE TABLE fill.base (id INT)", "CREATE VIEW fill.dangling AS SELECT * FROM fill.base", "DROP TABLE fill.base",
		"CREATE VIEW fill.cut AS SELECT 1", "CREATE TABLE fill.triggered (id INT PRIMARY KEY) ENGINE=InnoDB",
		"CREATE TRIGGER fill.bell BEFORE INSERT ON fill.triggered FOR EACH ROW SET NEW.id = 1",
		"CREATE TABLE fill.mine (id INT) ENGINE=MyISAM")
	folder := filepath.Join(w.db.DataDir, "fill")
	definitions, err := filepath.Glob(filepath.Join(folder, "orph*.frm"))
	if err != nil || len(definitions) != 1 {
		t.Fatalf("%q, %v", definitions, err)
	}
	text, err := os.ReadFile(definitions[0])
	if err != nil {
		t.Fatal(err)
	}
	w.db.Exec("DROP TABLE fill.`orphän`", "FLUSH TABLES")
	for _, err := range []error{os.WriteFile(definitions[0], text, 0o600), os.Truncate(filepath.Join(folder, "cut.frm"), 60),
		os.Truncate(filepath.Join(folder, "triggered.TRG"), 60), os.Remove(filepath.Join(folder, "mine.MYD"))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	w.start()
	broken := "fill.cut, fill.discarded, fill.mine, fill.orphän, fill.triggered"
	for _, link := range [][2]string{{"full", ""}, {"inc", "full"}} {
		operation := w.full
		if link[1] != "" {
			operation = func(id string) string { return w.incremental(id, link[1]) }
		}
		story := w.story(w.succeeded(operation(link[0])))
		for _, words := range []string{"; broken on the server already: fill.cut (its definition cannot be read), " +
			"fill.discarded (its tablespace is discarded, or its file is missing), fill.mine (its file mine.MYD is missing)",
			"(there is a definition of it, and its storage engine does not know it)", "fill.triggered (the file of its triggers cannot be read)"} {
			if !strings.Contains(story, words) {
				t.Errorf("the backup does not say %q:\n%s", words, story)
			}
		}
		for _, level := range []string{"prepare", "boot"} {
			story = w.story(w.succeeded(w.verify(link[0], level)))
		}
		want := "tables checked, all sound; broken on the server already when the backup was taken: " + broken +
			"; views that refer to what is not there: fill.dangling"
		if !strings.Contains(story, want) {
			t.Errorf("the verification does not say %q:\n%s", want, story)
		}
		w.proved(link[0], "boot")
	}
	// The same kind of fault, which the server did not have.
	stored := filepath.Join(w.backupDir, "full")
	if err := os.Truncate(filepath.Join(stored, "fill", "t000.frm"), 60); err != nil {
		t.Fatal(err)
	}
	reseal(t, stored, "fill/t000.frm")
	w.forgetManifests()
	w.unsound("full", "boot", "full", "is damaged", "fill.t000: ")
}
