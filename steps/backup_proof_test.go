package steps

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/testkit"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// importTable makes a table whose rows come from another's file, as one does who
// moves a table from one server to the next.
func (b *kitBench) importTable(from, to string) {
	b.T.Helper()
	file := filepath.Join(b.Dir, "exported.ibd")
	_ = os.Remove(file)
	ctx := b.T.Context()
	conn, err := b.db.DB().Conn(ctx)
	b.Must(err)
	defer conn.Close()
	_, err = conn.ExecContext(ctx, "FLUSH TABLES "+from+" FOR EXPORT")
	b.Must(err)
	b.Must(clone(b.tablespace(from), file))
	_, err = conn.ExecContext(ctx, "UNLOCK TABLES")
	b.Must(err)
	b.db.Exec("ALTER TABLE " + to + " DISCARD TABLESPACE")
	b.Must(clone(file, b.tablespace(to)))
	b.db.Exec("ALTER TABLE " + to + " IMPORT TABLESPACE")
}

// tablespace is the file of a table.
func (b *kitBench) tablespace(table string) string {
	return filepath.Join(b.db.DataDir, strings.Replace(table, ".", "/", 1)+".ibd")
}

// checkpoint lets the server write one that leaves nothing in its log.
func (b *kitBench) checkpoint() {
	b.T.Helper()
	dir := b.db.DataDir
	b.db.Stop()
	b.db.StartOn(dir)
}

// restored returns what the server holds when it is started on a restored chain,
// where it stays, and complains of damage.
func (b *kitBench) restored(ids ...string) map[string]string {
	b.T.Helper()
	folder, err := b.restore("folder", ids...)
	b.Must(err)
	b.db.Stop()
	b.db.StartOn(folder)
	if err := mariadbtest.CheckTables(b.db.DB()); err != nil {
		b.T.Error(err)
	}
	return mariadbtest.Fingerprint(b.T, b.db.DB())
}

// sourceTable fills shop.source.
func (b *kitBench) sourceTable() {
	b.T.Helper()
	b.db.Exec("CREATE DATABASE shop", "CREATE TABLE shop.source (id INT PRIMARY KEY AUTO_INCREMENT, text VARCHAR(200)) ENGINE=InnoDB",
		"INSERT INTO shop.source (text) SELECT REPEAT('x', 150) FROM mysql.help_topic LIMIT 500")
	b.db.Exec("INSERT INTO shop.source (text) SELECT text FROM shop.source")
}

// forms are the ways in which the bench stores backups.
var benchForms = map[string]func(*kitBench){
	"directory":      func(*kitBench) {},
	"zstd directory": func(b *kitBench) { b.Compression = "zstd" },
	"zstd stream":    func(b *kitBench) { b.Stream, b.Compression, b.StallTimeout = true, "zstd", job.DefaultStallTimeout },
}

// TestTableThatTheToolLeavesOut: the tool takes a table that was imported a
// moment ago for dropped, and says that all is well.
func TestTableThatTheToolLeavesOut(t *testing.T) {
	t.Parallel()
	forms := slices.Sorted(maps.Keys(benchForms))
	for i, form := range forms {
		for j, k := range kits(t)[:2] {
			if (i+j)%2 > 0 && !testkit.Long() {
				continue
			}
			set := benchForms[form]
			t.Run(form+", "+k.name, func(t *testing.T) {
				t.Parallel()
				b := newKitBench(t, k)
				set(b)
				b.sourceTable()
				b.checkpoint()
				b.Must(b.take("base", ""))
				b.db.Exec("CREATE TABLE shop.taken LIKE shop.source")
				b.importTable("shop.source", "shop.taken")
				for _, base := range []string{"", "base"} {
					err := b.take("lacking"+base, base)
					if base == "" {
						testkit.Says(t, err, "claims success, but left out what the server had before the copy and has after it: shop.taken: ",
							"IMPORT TABLESPACE", "innodb_max_dirty_pages_pct", "take the backup again")
					} else {
						testkit.Says(t, err, "the files of these tables were put there after backup 'base' was taken", ": shop.taken: take a full backup")
					}
				}
				b.checkpoint()
				want := mariadbtest.Fingerprint(t, b.db.DB())
				b.Must(b.take("whole", ""))
				if got := b.restored("whole"); !maps.Equal(got, want) {
					t.Errorf("got %v, want %v", got, want)
				}
			})
		}
	}
}

// TestIncrementalsOfFilesThatChanged: what becomes of a table's file between a
// backup and the incremental on it, and that all comes back or is refused.
func TestIncrementalsOfFilesThatChanged(t *testing.T) {
	t.Parallel()
	for _, log := range []string{"that tells of it", "that is empty"} {
		t.Run("made anew by the server, with a log "+log, func(t *testing.T) {
			t.Parallel()
			madeAnew(t, log)
		})
	}
	const like = "CREATE TABLE shop.put LIKE shop.source"
	imported := func(b *kitBench) { b.importTable("shop.source", "shop.put") }
	for name, test := range map[string]struct {
		before []string
		put    func(b *kitBench)
		long   bool
	}{
		"imported, on a backup of an older program": {long: true, before: []string{like}, put: func(b *kitBench) {
			b.Manifest("base", func(m *store.Manifest) { m.Tablespaces = nil })
			b.Records.ForgetManifest("base")
			imported(b)
		}},
		"imported under an id that the base has": {before: []string{like}, put: imported},
		"imported under a new id": {long: true, put: func(b *kitBench) {
			b.db.Exec(like)
			imported(b)
			b.db.Exec("UPDATE shop.put SET text = 'y' WHERE id < 10")
		}},
		"put back by hand": {before: []string{like, "INSERT INTO shop.put SELECT * FROM shop.source",
			"FLUSH TABLES shop.put FOR EXPORT", "UNLOCK TABLES"}, put: func(b *kitBench) {
			file, dir := b.tablespace("shop.put"), b.db.DataDir
			b.db.Stop()
			b.Must(clone(file, file+".old"))
			b.db.StartOn(dir)
			b.db.Exec("UPDATE shop.put SET text = 'lost'")
			b.db.Stop()
			b.Must(os.Rename(file+".old", file))
			b.db.StartOn(dir)
		}},
	} {
		// make long runs all of them.
		if test.long && !testkit.Long() {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newKitBench(t, kits(t)[0])
			b.sourceTable()
			b.db.Exec(test.before...)
			b.checkpoint()
			b.Must(b.take("base", ""))
			test.put(b)
			b.checkpoint()
			testkit.Says(t, b.take("next", "base"), "the files of these tables were put there after backup 'base' was taken",
				": shop.put: take a full backup")
			want := mariadbtest.Fingerprint(t, b.db.DB())
			b.Must(b.take("whole", ""))
			b.Must(b.take("next", "whole"))
			if got := b.restored("whole", "next"); !maps.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
	if plugins := mariadbtest.KeyPlugins(t); plugins != "" {
		t.Run("encrypted in place", func(t *testing.T) {
			t.Parallel()
			encryptedInPlace(t, plugins)
		})
	}
	t.Run("undo truncated", func(t *testing.T) {
		t.Parallel()
		undoTruncated(t)
	})
}

// madeAnew lets the server make files of tables anew between a backup and the
// next ones, with a log that tells of it or one that is empty.
func madeAnew(t *testing.T, log string) {
	b := newKitBench(t, kits(t)[0])
	b.sourceTable()
	const like = "CREATE TABLE shop.%s LIKE shop.source"
	const fill = "INSERT INTO shop.%s SELECT * FROM shop.source"
	for _, name := range []string{"optimized", "forced", "truncated", "refilled", "renamed", "exchanged", "compressed", "dropped", "altered"} {
		b.db.Exec(fmt.Sprintf(like, name), fmt.Sprintf(fill, name))
	}
	b.db.Exec("CREATE TABLE shop.parts LIKE shop.source", "ALTER TABLE shop.parts PARTITION BY HASH(id) PARTITIONS 1",
		"INSERT INTO shop.parts SELECT * FROM shop.source WHERE id < 5")
	b.checkpoint()
	b.Must(b.take("base", ""))
	b.db.Exec("OPTIMIZE TABLE shop.optimized", "ALTER TABLE shop.forced FORCE", "TRUNCATE shop.truncated",
		"TRUNCATE shop.refilled", fmt.Sprintf(fill, "refilled"),
		"RENAME TABLE shop.renamed TO shop.other", "ALTER TABLE shop.parts EXCHANGE PARTITION p0 WITH TABLE shop.exchanged",
		"ALTER TABLE shop.compressed ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=4",
		"DROP TABLE shop.dropped", fmt.Sprintf(like, "dropped"), fmt.Sprintf(fill, "dropped"),
		"ALTER TABLE shop.altered ADD COLUMN n INT DEFAULT 7, ADD KEY (text), ALGORITHM=INPLACE",
		fmt.Sprintf(like, "later"), fmt.Sprintf(fill, "later"),
		"CREATE TABLE shop.paged (id INT PRIMARY KEY, text TEXT) ENGINE=InnoDB PAGE_COMPRESSED=1", fmt.Sprintf(fill, "paged"))
	if log == "that is empty" {
		b.checkpoint()
	}
	want := mariadbtest.Fingerprint(t, b.db.DB())
	b.Must(b.take("next", "base"))
	b.Must(b.take("whole", ""))
	for _, chain := range [][]string{{"base", "next"}, {"whole"}} {
		if got := b.restored(chain...); !maps.Equal(got, want) {
			t.Errorf("%q: got %v, want %v", chain, got, want)
		}
	}
}

// encryptedInPlace lets the server rewrite every page of a table under its file.
func encryptedInPlace(t *testing.T, plugins string) {
	k := kits(t)[0]
	keys := filepath.Join(t.TempDir(), "keys")
	testkit.Write(t, filepath.Dir(keys), map[string]string{"keys": "1;" + strings.Repeat("0123456789abcdef", 4) + "\n"})
	k.server = append(k.server, mariadbtest.WithArgs("--plugin-dir="+plugins, "--plugin-load-add=file_key_management",
		"--file-key-management-filename="+keys, "--innodb-encryption-threads=2"))
	b := newKitBench(t, k)
	b.sourceTable()
	b.checkpoint()
	b.Must(b.take("base", ""))
	b.db.Exec("SET GLOBAL innodb_encrypt_tables = ON")
	testkit.Eventually(t, "all pages are encrypted", func() bool {
		var n int
		err := b.db.DB().QueryRow("SELECT COUNT(*) FROM information_schema.INNODB_TABLESPACES_ENCRYPTION " +
			"WHERE NAME = 'shop/source' AND MIN_KEY_VERSION = 1 AND ROTATING_OR_FLUSHING = 0").Scan(&n)
		return err == nil && n == 1
	})
	want := mariadbtest.Fingerprint(t, b.db.DB())
	b.Must(b.take("next", "base"))
	if got := b.restored("base", "next"); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// undoTruncated lets the server cut its undo tablespaces.
func undoTruncated(t *testing.T) {
	k := kits(t)[0]
	k.server = append(k.server, mariadbtest.WithArgs("--innodb-undo-tablespaces=2", "--innodb-undo-log-truncate=ON",
		"--innodb-max-undo-log-size=10485760", "--innodb-purge-rseg-truncate-frequency=1"))
	b := newKitBench(t, k)
	b.sourceTable()
	size := func() int64 {
		var sum int64
		for _, name := range []string{"undo001", "undo002"} {
			info, err := os.Stat(filepath.Join(b.db.DataDir, name))
			b.Must(err)
			sum += info.Size()
		}
		return sum
	}
	small := size()
	for range 6 {
		b.db.Exec("INSERT INTO shop.source (text) SELECT text FROM shop.source")
	}
	tx, err := b.db.DB().Begin()
	b.Must(err)
	for _, text := range []string{"y", "z", "x"} {
		_, err = tx.Exec("UPDATE shop.source SET text = REPEAT('" + text + "', 150)")
		b.Must(err)
	}
	b.Must(b.take("base", ""))
	b.Must(tx.Commit())
	large := size()
	if large <= small {
		t.Fatalf("the undo tablespaces have not grown: %d bytes, and %d", small, large)
	}
	testkit.Eventually(t, "the undo tablespaces are cut", func() bool {
		b.db.Exec("UPDATE shop.source SET text = 'w' WHERE id = 1")
		return size() < large
	})
	want := mariadbtest.Fingerprint(t, b.db.DB())
	b.Must(b.take("next", "base"))
	if got := b.restored("base", "next"); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestTablesOfEveryKindAreMissed: whichever file of a table a copy lacks, the
// backup fails and names the table.
func TestTablesOfEveryKindAreMissed(t *testing.T) {
	t.Parallel()
	b := newKitBench(t, kits(t)[0])
	outside := filepath.Join(b.db.Dir, "outside")
	b.db.Exec("CREATE DATABASE shop", "CREATE DATABASE linked", "CREATE TABLE shop.orders (id INT PRIMARY KEY) ENGINE=InnoDB",
		"CREATE TABLE shop.`a b` (id INT PRIMARY KEY) ENGINE=InnoDB",
		"CREATE TABLE shop.parts (id INT) ENGINE=InnoDB PARTITION BY HASH(id) PARTITIONS 2",
		"CREATE TABLE shop.far (id INT PRIMARY KEY) ENGINE=InnoDB DATA DIRECTORY='"+outside+"'",
		"CREATE TABLE shop.mine (id INT) ENGINE=MyISAM", "CREATE TABLE shop.aria (id INT) ENGINE=Aria",
		"CREATE TABLE shop.csv (id INT NOT NULL) ENGINE=CSV",
		"CREATE TABLE shop.merged (id INT) ENGINE=MRG_MyISAM UNION=(shop.mine)", "CREATE VIEW shop.seen AS SELECT * FROM shop.orders",
		"CREATE TRIGGER shop.bell BEFORE INSERT ON shop.orders FOR EACH ROW SET NEW.id = 1", "CREATE SEQUENCE shop.numbers",
		"CREATE TABLE linked.one (id INT PRIMARY KEY) ENGINE=InnoDB")
	b.db.Stop()
	linked := filepath.Join(b.db.DataDir, "linked")
	b.Must(os.Rename(linked, filepath.Join(outside, "linked")))
	b.Must(os.Symlink(filepath.Join(outside, "linked"), linked))
	b.db.StartOn(b.db.DataDir)
	plan := b.PlanBackup(t.Context(), Args{ID: "base"})
	told := "a restore puts them into it: all of linked at " + filepath.Join(outside, "linked") + ", shop/far at "
	if !slices.ContainsFunc(plan.Checks, func(c Check) bool {
		return c.Note && strings.Contains(c.Detail, told)
	}) {
		t.Errorf("the plan does not tell of the linked database: %+v", plan.Checks)
	}
	b.Must(b.take("base", ""))
	for _, base := range []string{"", "base"} {
		id := "next" + base
		task, err := b.perform(Task{Operation: id, Attempt: 1, Events: []string{EventStream}, Args: Args{ID: id, FromBackupID: base}},
			"validate_backup", "reserve_work")
		b.Must(err)
		spec, err := b.backups().copyJob(t.Context(), task)
		b.Must(err)
		b.seq++
		r := b.runs(task.Operation, b.seq, spec)
		tablespace := ".ibd"
		if base != "" {
			tablespace += ".delta"
		}
		for file, want := range map[string]string{
			"shop/orders" + tablespace: ": shop.orders: ", "shop/orders.frm": ": shop.orders: ",
			"shop/a@0020b" + tablespace: ": shop.a b: ", "shop/parts#P#p1" + tablespace: ": shop.parts#P#p1: ",
			"shop/parts.par": ": shop.parts: ", "shop/far" + tablespace: ": shop.far: ", "shop/mine.MYD": ": shop.mine: ",
			"shop/aria.MAI": ": shop.aria: ", "shop/csv.CSV": ": shop.csv: ", "shop/merged.MRG": ": shop.merged: ",
			"shop/seen.frm": ": shop.seen: ", "shop/orders.TRG": ": shop.orders: ", "shop/bell.TRN": ": shop.bell: ",
			"shop/numbers" + tablespace: ": shop.numbers: ",
			"linked/one" + tablespace:   ": linked.one: ", "shop/db.opt": ": the settings of database shop: ",
		} {
			path := filepath.Join(task.Data.Work, file)
			b.Must(os.Rename(path, filepath.Join(b.Dir, "away")))
			_, err := b.backups().copyFinish(t.Context(), task, r)
			testkit.Says(t, err, "claims success, but left out what the server had before the copy and has after it"+want,
				"take the backup again; if that leaves them out, too")
			b.Must(os.Rename(filepath.Join(b.Dir, "away"), path))
		}
		out, err := b.backups().copyFinish(t.Context(), task, r)
		if err != nil || !strings.Contains(out.Reason, " files of tables that the server had all the time are in it") ||
			strings.Contains(out.Reason, "broken") {
			t.Errorf("%q, %v", out.Reason, err)
		}
		// What is gone from the server by then is not asked for.
		b.Must(os.Rename(filepath.Join(task.Data.Work, "shop/orders"+tablespace), filepath.Join(b.Dir, "away")))
		_, err = b.backups().copyFinish(t.Context(), task, r)
		testkit.Says(t, err, ": shop.orders: ")
		if base != "" {
			b.db.Exec("DROP TABLE shop.orders")
			out, err = b.backups().copyFinish(t.Context(), task, r)
			if err != nil || !strings.Contains(out.Reason, "came, went or were made anew meanwhile") {
				t.Errorf("%q, %v", out.Reason, err)
			}
		}
	}
}
