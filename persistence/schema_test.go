package persistence

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// contract is what other programs rely on: name, type, and whether NULL is
// refused, for each column in order.
var contract = map[string][]string{
	"process": {
		"id INTEGER PK", "command_id TEXT", "command TEXT", "pid INTEGER", "status TEXT", "output TEXT", "error TEXT",
		"return_code INTEGER", "start_time DATETIME", "end_time DATETIME", "type TEXT", "args TEXT",
	},
	"backup": {
		"id TEXT PK", "from_backup_id TEXT", "schedule_id INTEGER", "start_time DATETIME", "end_time DATETIME",
		"process_id INTEGER", "size INTEGER",
	},
	"restore": {
		"id INTEGER PK", "backup_id TEXT", "backup_timestamp DATETIME NOT NULL", "target TEXT", "target_path TEXT",
		"start_time DATETIME", "end_time DATETIME", "process_id INTEGER",
	},
}

var contractKeys = map[string][]string{
	"process": nil,
	"backup": {
		"from_backup_id -> backup(id) CASCADE", "process_id -> process(id) CASCADE", "schedule_id -> schedule(id) SET NULL",
	},
	"restore": {"backup_id -> backup(id) CASCADE", "process_id -> process(id) CASCADE"},
}

var contractIndexes = map[string][]string{
	"process": {"command_id", "status", "type"},
	"backup":  {"schedule_id", "start_time"},
	"restore": nil,
}

func TestContractTables(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	db := outsider(t, d.path)
	for table := range contract {
		columns := list(t, db, `SELECT name || ' ' || type || CASE WHEN pk THEN ' PK' WHEN "notnull" THEN ' NOT NULL' ELSE '' END
			FROM pragma_table_info(?) ORDER BY cid`, table)
		same(t, "columns of "+table, columns, contract[table])
		keys := list(t, db, `SELECT "from" || ' -> ' || "table" || '(' || "to" || ') ' || on_delete FROM pragma_foreign_key_list(?) ORDER BY 1`,
			table)
		same(t, "foreign keys of "+table, keys, contractKeys[table])
		indexes := list(t, db, `SELECT i.name FROM pragma_index_list(?) l, pragma_index_info(l.name) i WHERE l.origin = 'c' ORDER BY 1`, table)
		same(t, "indexes of "+table, indexes, contractIndexes[table])
	}
	for _, table := range []string{"process", "restore"} {
		if ddl := read(t, db, `SELECT sql FROM sqlite_master WHERE name = ?`, table); !strings.Contains(ddl, "AUTOINCREMENT") {
			t.Errorf("ids of %s may be given twice: %s", table, ddl)
		}
	}
}

func TestSharedFileHoldsNothingButTheContract(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	d.record("full", "")
	db := outsider(t, d.path)
	same(t, "tables", list(t, db, `SELECT name FROM sqlite_master WHERE type NOT IN ('index') AND name NOT LIKE 'sqlite_%' ORDER BY name`),
		[]string{"backup", "process", "restore"})
	for _, pragma := range []string{"user_version", "application_id"} {
		if value := read(t, db, `PRAGMA `+pragma); value != "0" {
			t.Errorf("%s is %s: it is not ours to set", pragma, value)
		}
	}
}

// foreignTables are the shared tables as another program makes them: other
// type names, a column of its own, the table schedule beside them.
var foreignTables = []string{
	`CREATE TABLE schedule (id INTEGER PRIMARY KEY, hour INTEGER)`,
	`CREATE TABLE process (id INTEGER NOT NULL, command_id VARCHAR NOT NULL, command VARCHAR NOT NULL, pid INTEGER,
		status VARCHAR NOT NULL, output VARCHAR, error VARCHAR, return_code INTEGER, start_time DATETIME NOT NULL,
		end_time DATETIME, type VARCHAR NOT NULL, args JSON, seen_by TEXT NOT NULL DEFAULT 'nobody', PRIMARY KEY (id))`,
	`CREATE TABLE backup (id VARCHAR NOT NULL, from_backup_id VARCHAR, schedule_id INTEGER, start_time DATETIME NOT NULL,
		end_time DATETIME, process_id INTEGER NOT NULL, size INTEGER, note TEXT, PRIMARY KEY (id),
		FOREIGN KEY(from_backup_id) REFERENCES backup (id) ON DELETE CASCADE,
		FOREIGN KEY(schedule_id) REFERENCES schedule (id) ON DELETE SET NULL,
		FOREIGN KEY(process_id) REFERENCES process (id) ON DELETE CASCADE)`,
	`CREATE TABLE restore (id INTEGER NOT NULL, backup_id VARCHAR NOT NULL, backup_timestamp DATETIME NOT NULL,
		target VARCHAR NOT NULL, target_path VARCHAR NOT NULL, start_time DATETIME NOT NULL, end_time DATETIME,
		process_id INTEGER NOT NULL, PRIMARY KEY (id),
		FOREIGN KEY(backup_id) REFERENCES backup (id) ON DELETE CASCADE,
		FOREIGN KEY(process_id) REFERENCES process (id) ON DELETE CASCADE)`,
	`CREATE INDEX idx_process_status ON process(status)`,
}

func TestTablesOfAnotherProgramAreUsedAsTheyAre(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "db.sqlite3")
	db := outsider(t, path)
	run(t, db, foreignTables...)
	run(t, db, `INSERT INTO schedule VALUES (7, 3)`)
	const theirs = `SELECT group_concat(sql, ';') FROM sqlite_master
		WHERE type = 'table' AND name IN ('process', 'backup', 'restore', 'schedule')`
	before := read(t, db, theirs)

	d := openAt(t, path)
	if after := read(t, db, theirs); after != before {
		t.Errorf("the tables of another program were changed to %s", after)
	}
	d.record("full", "")
	o := operation("inc")
	o.BackupID = "inc"
	o = d.accept(o, Claim{BackupID: "inc", Use: Makes}, Claim{BackupID: "full", Use: Reads})
	d.apply(step(o, "ok", "done", func(c *Change) {
		c.Status = Succeeded
		c.Backup = &Backup{ID: "inc", FromBackupID: "full", ScheduleID: pointer(int64(7)), StartTime: noon}
		c.Restore = &Restore{BackupID: "full", BackupTimestamp: noon, Target: "folder", TargetPath: "/r", StartTime: noon, EndTime: noon}
	}))
	same(t, "violations of foreign keys", list(t, db, `SELECT "table" FROM pragma_foreign_key_check`), nil)
	if schedule := read(t, db, `SELECT schedule_id FROM backup WHERE id = 'inc'`); schedule != "7" {
		t.Errorf("schedule_id is %s, want 7", schedule)
	}
}

func TestOpenKeepsWhatIsThere(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "db.sqlite3")
	first, err := Open(t.Context(), at(path))
	if err != nil {
		t.Fatal(err)
	}
	(&database{Store: first, t: t, path: path}).record("full", "")
	for range 2 {
		if err := first.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	again := openAt(t, path)
	if backups, err := again.Backups(t.Context()); err != nil || len(backups) != 1 {
		t.Errorf("after opening again: %v, %v", backups, err)
	}
	var versions []string
	for i := range migrations {
		versions = append(versions, fmt.Sprint(i+1))
	}
	same(t, "schema versions", list(t, again.ledgerDB(), `SELECT version FROM operation_schema ORDER BY version`), versions)
}

func TestDatabaseOfANewerProgramIsRefused(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	run(t, d.ledgerDB(), fmt.Sprintf(`INSERT INTO operation_schema VALUES (%d)`, len(migrations)+1))
	_, err := Open(t.Context(), at(d.path))
	if !errors.Is(err, ErrNewer) || !strings.Contains(err.Error(), d.Store.path) {
		t.Errorf("got %v, want it to be %v and to name the file", err, ErrNewer)
	}
}

func TestMigrationThatFailsLeavesNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ledger.sqlite3")
	db := outsider(t, path)
	run(t, db, `CREATE TABLE operation_job (id INTEGER)`)
	if s, err := openLedger(t.Context(), path, 0, func(error) {}); err == nil {
		_ = s.close()
		t.Fatal("a table in the way of the migration went unnoticed")
	}
	same(t, "tables after a failed migration", list(t, db, `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`),
		[]string{"operation_job"})
	run(t, db, `DROP TABLE operation_job`)
	s, err := openLedger(t.Context(), path, 0, func(error) {})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.close(); err != nil {
		t.Error(err)
	}
}

func list(t *testing.T, db *sql.DB, query string, args ...any) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var values []string
	for rows.Next() {
		var value string
		if err := rows.Scan(&value); err != nil {
			t.Fatal(err)
		}
		values = append(values, value)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return values
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}
