package counts

import (
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
)

// change is a way in which a table changes.
type change struct {
	// table is how it is made, with TBL for its name.
	table string
	// before are statements before the job begins, and after those after it.
	before, after []string
}

// changes are all the ways. Each table has rows from the start.
var changes = map[string]change{
	"inserted":   {after: []string{"INSERT INTO TBL (id) VALUES (1000)"}},
	"updated":    {after: []string{"UPDATE TBL SET v = 'y' WHERE id = 1"}},
	"deleted":    {after: []string{"DELETE FROM TBL WHERE id = 1"}},
	"replaced":   {after: []string{"REPLACE INTO TBL (id, v) VALUES (1, 'z')"}},
	"emptied":    {after: []string{"TRUNCATE TBL"}},
	"filled":     {before: []string{"DELETE FROM TBL"}, after: []string{"INSERT INTO TBL (id) SELECT seq FROM seq_1_to_5000"}},
	"large":      {after: []string{"UPDATE TBL SET b = REPEAT('x', 200000) WHERE id = 2"}},
	"in_parts":   {table: partitioned, after: []string{"INSERT INTO TBL (id) VALUES (1000)"}},
	"part_gone":  {table: byRange, after: []string{"ALTER TABLE TBL TRUNCATE PARTITION p0"}},
	"part_swap":  {table: byRange, after: []string{"ALTER TABLE TBL EXCHANGE PARTITION p0 WITH TABLE shop.swapped"}},
	"rebuilt":    {after: []string{"ALTER TABLE TBL FORCE"}},
	"instant":    {after: []string{"UPDATE TBL SET v = 'y'", "ALTER TABLE TBL ADD COLUMN n INT, ALGORITHM=INSTANT"}},
	"indexed":    {after: []string{"DELETE FROM TBL WHERE id = 3", "ALTER TABLE TBL ADD INDEX (v), ALGORITHM=INPLACE"}},
	"made_anew":  {after: []string{"DROP TABLE TBL", "CREATE TABLE TBL (id INT PRIMARY KEY) ENGINE=InnoDB"}},
	"renamed":    {after: []string{"RENAME TABLE TBL TO shop.other"}},
	"child":      {after: []string{"DELETE FROM shop.parent WHERE id = 1"}},
	"nulled":     {after: []string{"DELETE FROM shop.parent2 WHERE id = 1"}},
	"triggered":  {after: []string{"INSERT INTO shop.source (id) VALUES (1000)"}},
	"prepared":   {after: []string{"XA START 'a'", "DELETE FROM TBL WHERE id = 1", "XA END 'a'", "XA PREPARE 'a'", "XA COMMIT 'a'"}},
	"versioned":  {table: withHistory, after: []string{"UPDATE TBL SET v = 1"}},
	"compressed": {table: compressed, after: []string{"DELETE FROM TBL WHERE id = 1"}},
	// What lets the server load a definition anew must not take the time along.
	"flushed":  {after: []string{"INSERT INTO TBL (id) VALUES (1000)", "FLUSH TABLES"}},
	"analysed": {after: []string{"INSERT INTO TBL (id) VALUES (1000)", "ANALYZE TABLE TBL", "CHECK TABLE TBL"}},
	"exported": {after: []string{"INSERT INTO TBL (id) VALUES (1000)", "FLUSH TABLES TBL FOR EXPORT", "UNLOCK TABLES"}},
	"kin": {after: []string{"DELETE FROM TBL WHERE id = 1", "ALTER TABLE shop.parent3 ADD COLUMN n INT, ALGORITHM=INSTANT",
		"ALTER TABLE shop.parent3 FORCE", "RENAME TABLE shop.parent3 TO shop.parent4", "FLUSH TABLES"}},
	"orphan": {after: []string{"DELETE FROM TBL WHERE id = 1", "SET foreign_key_checks = 0", "DROP TABLE shop.parent5",
		"SET foreign_key_checks = 1", "FLUSH TABLES"}},
	"referred": {after: []string{"DELETE FROM TBL WHERE id = 1", "CREATE TABLE shop.referring (id INT, FOREIGN KEY (id) REFERENCES TBL(id)) " +
		"ENGINE=InnoDB", "DROP TABLE shop.referring", "FLUSH TABLES"}},
	"mine":        {table: inMyISAM, after: []string{"INSERT INTO TBL (id) VALUES (1000)"}},
	"mine_up":     {table: inMyISAM, after: []string{"UPDATE TBL SET v = 'y' WHERE id = 1"}},
	"mine_late":   {table: inMyISAM + " DELAY_KEY_WRITE=1", after: []string{"DELETE FROM TBL WHERE id = 1"}},
	"mine_insert": {table: inMyISAM, after: []string{"INSERT INTO TBL (id) SELECT seq FROM seq_2000_to_9000"}},
}

const (
	inInnoDB = "CREATE TABLE TBL (id INT PRIMARY KEY, v VARCHAR(20) DEFAULT 'x', b LONGBLOB) ENGINE=InnoDB"
	inMyISAM = "CREATE TABLE TBL (id INT PRIMARY KEY, v VARCHAR(20) DEFAULT 'x') ENGINE=MyISAM"

	withHistory = "CREATE TABLE TBL (id INT PRIMARY KEY, v INT) ENGINE=InnoDB WITH SYSTEM VERSIONING"
	compressed  = "CREATE TABLE TBL (id INT PRIMARY KEY) ENGINE=InnoDB ROW_FORMAT=COMPRESSED"
	partitioned = "CREATE TABLE TBL (id INT PRIMARY KEY) ENGINE=InnoDB PARTITION BY HASH(id) PARTITIONS 3"
	byRange     = "CREATE TABLE TBL (id INT PRIMARY KEY) ENGINE=InnoDB PARTITION BY RANGE(id) " +
		"(PARTITION p0 VALUES LESS THAN (50), PARTITION p1 VALUES LESS THAN MAXVALUE)"
)

// changeable fills a server with a table for each change, and one that stays for
// each kind.
func changeable(b *bench) (stays []string) {
	b.T.Helper()
	b.db.Exec("CREATE TABLE shop.parent (id INT PRIMARY KEY) ENGINE=InnoDB", "INSERT INTO shop.parent SELECT seq FROM shop.seq_1_to_100",
		"CREATE TABLE shop.parent2 (id INT PRIMARY KEY) ENGINE=InnoDB", "INSERT INTO shop.parent2 SELECT seq FROM shop.seq_1_to_100",
		"CREATE TABLE shop.source (id INT PRIMARY KEY) ENGINE=InnoDB", "CREATE TABLE shop.swapped (id INT PRIMARY KEY) ENGINE=InnoDB")
	for _, parent := range []string{"parent3", "parent5"} {
		b.db.Exec("CREATE TABLE shop."+parent+" (id INT PRIMARY KEY) ENGINE=InnoDB",
			"INSERT INTO shop."+parent+" SELECT seq FROM shop.seq_1_to_100")
	}
	names := slices.Sorted(maps.Keys(changes))
	tables := map[string]string{}
	for _, name := range names {
		tables[name] = changes[name].table
	}
	tables["child"] = "CREATE TABLE TBL (id INT PRIMARY KEY, FOREIGN KEY (id) REFERENCES shop.parent(id) ON DELETE CASCADE) ENGINE=InnoDB"
	tables["nulled"] = "CREATE TABLE TBL (id INT, v INT, FOREIGN KEY (id) REFERENCES shop.parent2(id) ON DELETE SET NULL) ENGINE=InnoDB"
	for name, parent := range map[string]string{"kin": "parent3", "orphan": "parent5"} {
		tables[name] = "CREATE TABLE TBL (id INT PRIMARY KEY, FOREIGN KEY (id) REFERENCES shop." + parent + "(id)) ENGINE=InnoDB"
	}
	for name, table := range map[string]string{"stays": "", "stays_mine": inMyISAM, "stays_parts": partitioned} {
		tables[name] = table
		stays = append(stays, name)
	}
	for name, table := range tables {
		if table == "" {
			table = inInnoDB
		}
		b.db.Exec(strings.ReplaceAll(table, "TBL", "shop."+name),
			"INSERT INTO shop."+name+" (id) SELECT seq FROM shop.seq_1_to_100")
		for _, statement := range changes[name].before {
			b.db.Exec(strings.ReplaceAll(statement, "TBL", "shop."+name))
		}
	}
	b.db.Exec("CREATE TRIGGER shop.bell AFTER INSERT ON shop.source FOR EACH ROW INSERT INTO shop.triggered (id) VALUES (NEW.id)")
	return stays
}

// aged waits until what was changed last was not changed just now.
func (b *bench) aged() {
	b.T.Helper()
	since := b.now()
	testkit.Eventually(b.T, "the clock goes on", func() bool { return b.now() > since+recent+1 })
}

func (b *bench) now() (seconds int64) {
	b.T.Helper()
	b.Must(b.db.DB().QueryRow("SELECT UNIX_TIMESTAMP()").Scan(&seconds))
	return seconds
}

// Whatever way a table changes, it is noticed: of tables that were not changed
// since the server began, and of those that were, at a time that is known.
func TestEveryChangeIsNoticed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	stays := changeable(b)
	for _, restarted := range []bool{true, false} {
		if restarted {
			b.restart()
		}
		b.aged()
		j := b.job()
		same, left := b.state(j)
		if len(same) != len(j.Before.Tables) || len(left) > 0 {
			t.Fatalf("nothing was changed, and same are %v, others %v", slices.Sorted(maps.Keys(same)), left)
		}
		if !restarted {
			// A second time, all would be other statements.
			b.db.Exec("UPDATE shop.updated SET v = 'w'", "UPDATE shop.in_parts SET id = 2000 WHERE id = 2",
				"INSERT INTO shop.mine (id) VALUES (1001)")
			if same, _ = b.state(j); same["updated"] || same["in_parts"] || same["mine"] || !same["stays"] {
				t.Errorf("changed for the second time: %v", same)
			}
			continue
		}
		conn, err := b.db.DB().Conn(t.Context())
		b.Must(err)
		_, err = conn.ExecContext(t.Context(), "USE shop")
		b.Must(err)
		for name, c := range changes {
			for _, statement := range c.after {
				if _, err := conn.ExecContext(t.Context(), strings.ReplaceAll(statement, "TBL", "shop."+name)); err != nil {
					t.Fatalf("%s: %v", statement, err)
				}
			}
		}
		b.Must(conn.Close())
		same, _ = b.state(j)
		for name := range changes {
			if same[name] {
				t.Errorf("%s was changed, and that is not noticed", name)
			}
		}
		for _, name := range stays {
			if !same[name] {
				t.Errorf("%s was not changed, and is said to be", name)
			}
		}
	}
}

// begun is a transaction that has written to a table and not ended.
func (b *bench) begun(statement string) *sql.Tx {
	b.T.Helper()
	tx, err := b.db.DB().Begin()
	b.Must(err)
	_, err = tx.Exec(statement)
	b.Must(err)
	return tx
}

// What a transaction has written counts from its commit on, when everybody sees
// it, however long after its writes that is.
func TestChangeCountsFromTheCommit(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, name := range []string{"committed", "open", "undone"} {
		b.db.Exec(fmt.Sprintf("CREATE TABLE shop.%s (id INT PRIMARY KEY) ENGINE=InnoDB", name))
	}
	b.aged()
	committed, open := b.begun("INSERT INTO shop.committed VALUES (1)"), b.begun("INSERT INTO shop.open VALUES (1)")
	undone := b.begun("INSERT INTO shop.undone VALUES (1)")
	b.aged()
	j := b.job()
	b.Must(committed.Commit())
	b.Must(undone.Rollback())
	if same, left := b.state(j); same["committed"] || !same["open"] {
		t.Errorf("same are %v, others %v", same, left)
	}
	b.Must(open.Commit())
	if same, _ := b.state(j); same["open"] {
		t.Error("the commit is not noticed")
	}
}

// A server that was restarted has forgotten, one that has no room for all tables
// may have, and one that was just written to cannot tell.
func TestForgottenChangesAreNoProof(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.db.Exec("CREATE TABLE shop.old (id INT PRIMARY KEY) ENGINE=InnoDB", "CREATE TABLE shop.aria (id INT) ENGINE=Aria")
	b.restart()
	j := b.job()
	if same, left := b.state(j); !same["old"] || left[Untold] != 1 {
		t.Errorf("at first same are %v, others %v", same, left)
	}
	b.db.Exec("INSERT INTO shop.old VALUES (1)",
		"CREATE TABLE shop.many (id INT PRIMARY KEY) ENGINE=InnoDB PARTITION BY HASH(id) PARTITIONS 330")
	b.restart()
	b.db.Exec("SET GLOBAL table_definition_cache = 400")
	j = b.job()
	if same, left := b.state(j); same["old"] || left[Untold] < 2 {
		t.Errorf("without room for all, same are %v, others %v", same, left)
	}
	b.db.Exec("INSERT INTO shop.old VALUES (2)")
	j = b.job()
	if same, left := b.state(j); same["old"] || left[Recent] != 1 {
		t.Errorf("just after a change, same are %v, others %v", same, left)
	}
	b.aged()
	j = b.job()
	b.restart()
	if same, left := b.state(j); len(same) > 0 || left[Restarted] == 0 || left[Untold] != 0 {
		t.Errorf("after a restart, same are %v, others %v", same, left)
	}
}

// A transaction that a crash has left prepared is committed by a server that does
// not know any more what it has written.
func TestPreparedBeforeACrash(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.db.Exec("CREATE TABLE shop.t (id INT PRIMARY KEY) ENGINE=InnoDB")
	conn, err := b.db.DB().Conn(t.Context())
	b.Must(err)
	for _, statement := range []string{"XA START 'x'", "INSERT INTO shop.t VALUES (1)", "XA END 'x'", "XA PREPARE 'x'"} {
		_, err := conn.ExecContext(t.Context(), statement)
		b.Must(err)
	}
	b.db.Kill()
	b.db.Start()
	_ = conn.Close()
	j := b.job()
	b.db.Exec("XA COMMIT 'x'")
	if same, left := b.state(j); same["t"] {
		t.Errorf("it counts as the same; others: %v", left)
	}
}
