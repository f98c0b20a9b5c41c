package steps

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/testkit"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// storedForms are the forms in which a backup of these tests is stored.
var storedForms = map[string]func(*testHost){
	"directory": func(*testHost) {},
	"zstd":      func(h *testHost) { h.Compression = "zstd" },
	"stream":    func(h *testHost) { h.Stream, h.Compression = true, "gzip" },
}

// storeIn makes the host store its backups in one of the forms.
func (h *testHost) storeIn(form string) {
	h.Stream, h.Compression = false, ""
	storedForms[form](h)
}

// Databases and tables may have names that are nearly the tool's own or ours, and
// a table one of 50 characters that each take five bytes in a file's, more than
// 250 with the suffix. A restore to the database removes the tool's own files.
func TestTablesOfAnyNameComeBack(t *testing.T) {
	t.Parallel()
	testkit.NeedsServer(t)
	b := newKitBench(t, kits(t)[0])
	forms := testkit.Some(t, []string{"zstd", "directory", "stream"})
	long := strings.Repeat("表", 50)
	tables := []string{"mariadb_backup_meta." + long, "xtrabackup_stats.a", "xtrabackup_stats.ib_logfile0",
		"xtrabackup_log.aria_log", "tmp.`a.zst`", "tmp.`a.delta`", "tmp.`a.new`",
		"`dbcalm.json`.`t.ibd`", "`lost+found`.ibdata1", "shop.undo001", "ib_logfile0x.`x.isl`"}
	for _, table := range tables {
		database, _, _ := strings.Cut(table, ".")
		if strings.HasPrefix(table, "`") {
			database = table[:strings.Index(table[1:], "`")+2]
		}
		b.db.Exec("CREATE DATABASE IF NOT EXISTS "+database, "CREATE TABLE "+table+" (id INT PRIMARY KEY, a TEXT)",
			"INSERT INTO "+table+" SELECT seq, REPEAT('row', 100) FROM "+database+".seq_1_to_200")
	}
	for _, form := range forms {
		b.storeIn(form)
		b.Must(b.take(form, ""))
	}
	b.db.Exec("INSERT INTO xtrabackup_stats.a VALUES (1000, 'later')", "INSERT INTO mariadb_backup_meta."+long+" VALUES (1000, 'later')")
	if mariadbtest.ServerSeries(t) == "10.5" {
		// Its tool gives files of incrementals longer names still, and says so.
		testkit.Says(t, b.take("too-long", forms[0]), "File name too long", "a name is longer than the file system or the tool takes")
		b.db.Exec("DROP TABLE mariadb_backup_meta." + long)
	}
	want := mariadbtest.Fingerprint(t, b.db.DB())
	for _, form := range forms {
		b.storeIn(form)
		b.Must(b.take(form+"-inc", form))
	}
	b.db.Stop()
	for _, form := range forms {
		b.storeIn(form)
		b.Must(os.RemoveAll(b.Server.DataDir))
		b.Must(os.Mkdir(b.Server.DataDir, 0o750))
		restored, err := b.restore("database", form, form+"-inc")
		if err != nil {
			t.Fatalf("%s: %v", form, err)
		}
		if names, err := filepath.Glob(filepath.Join(restored, "*_info")); err != nil || len(names) > 0 {
			t.Errorf("%s: the tool's own files are left: %q, %v", form, names, err)
		}
		b.db.StartOn(restored)
		if got := mariadbtest.Fingerprint(t, b.db.DB()); !maps.Equal(got, want) {
			t.Errorf("%s: restored is %v, not %v", form, got, want)
		}
		b.db.Stop()
	}
}

// A database may not be called as a file of the tool's is.
func TestNamesOfTheToolAreRefused(t *testing.T) {
	t.Parallel()
	testkit.NeedsServer(t)
	b := newKitBench(t, kits(t)[0])
	b.db.Exec("CREATE DATABASE xtrabackup_info", "CREATE TABLE xtrabackup_info.t (id INT)")
	testkit.Says(t, b.take("full", ""), "the tool writes a file of its own called xtrabackup_info into each backup",
		"make another database, move the tables there by RENAME TABLE, and drop this one")
	if there, err := disk.Exists(b.Store.Folder("full")); err != nil || there {
		t.Errorf("there is a backup: %v", err)
	}
}
