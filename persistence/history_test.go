package persistence

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"dbcalm-db-cmd/steps/testkit"
)

// lately is long after all that these tests let happen at noon.
var lately = Age{Before: noon.Add(24 * time.Hour)}

// ended carries an operation to its end, with a job, a claim and a request.
func (d *database) ended(id string, ends ...func(*Change)) Operation {
	d.t.Helper()
	o := operation(id)
	if err := offer(d.t.Context(), d.Store, o, request("r-"+id, o), Claim{BackupID: "c-" + id, Use: Reads}); err != nil {
		d.t.Fatal(err)
	}
	o = d.apply(step(d.operation(id), "start", "copy"))
	job, err := d.BeginJob(d.t.Context(), o, Job{OperationID: id, State: "copy", Attempt: 1, Folder: "/jobs/" + id + "-2"}, program(o, 2))
	if err != nil {
		d.t.Fatal(err)
	}
	ends = append([]func(*Change){func(c *Change) { c.Status, c.JobID = Succeeded, job.ID }}, ends...)
	return d.apply(step(o, "ok", "done", ends...))
}

// old returns the ids of what may be let go.
func (d *database) old(age Age) []string {
	d.t.Helper()
	var ids []string
	for at := (Place{}); ; {
		list, next, err := NewHistory(d.Store).Old(d.t.Context(), age, at, 2)
		if err != nil {
			d.t.Fatal(err)
		}
		if len(list) == 0 {
			return ids
		}
		for _, o := range list {
			ids = append(ids, o.ID)
		}
		at = next
	}
}

func (d *database) forget(age Age, ids ...string) []string {
	d.t.Helper()
	gone, err := NewHistory(d.Store).Forget(d.t.Context(), age, ids)
	if err != nil {
		d.t.Fatal(err)
	}
	return gone
}

// perOperation are the tables that hold rows of operations, with the column that
// names whose they are.
var perOperation = map[string]string{
	"operation": "id", "operation_transition": "operation_id", "operation_claim": "operation_id", "operation_job": "operation_id",
	"operation_request": "operation_id", "operation_end": "operation_id", "process": "command_id",
}

func TestOldOperationsLeaveWithAllTheirRows(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	for _, id := range []string{"1", "2", "3"} {
		d.ended(id)
	}
	ledger, db := d.ledgerDB(), outsider(t, d.path)
	tables := list(t, ledger, `SELECT m.name FROM sqlite_master m, pragma_table_info(m.name) c
		WHERE m.type = 'table' AND c.name IN ('operation_id', 'command_id') ORDER BY m.name`)
	for _, table := range tables {
		if perOperation[table] == "" {
			t.Errorf("table %s holds rows of operations: let them go with theirs", table)
		}
	}
	before := d.figures()
	same(t, "old", d.old(lately), []string{"1", "2", "3"})
	same(t, "gone", d.forget(lately, "1", "3", "unknown"), []string{"1", "3"})
	for table, column := range perOperation {
		same(t, "whose rows are left in "+table, list(t, ledger, `SELECT DISTINCT `+column+` FROM `+table), []string{"2"})
	}
	same(t, "whose rows are left in the shared file", list(t, db, `SELECT DISTINCT command_id FROM process`), []string{"2"})
	if after := d.figures(); !reflect.DeepEqual(after, before) {
		t.Errorf("what is counted became %+v, was %+v", after, before)
	}
	// Their logs are still to go, whatever ends the program here.
	d = openAt(t, d.path)
	ids, err := NewHistory(d.Store).LogsToRemove(t.Context(), 10)
	if err != nil || !slices.Equal(ids, []string{"1", "3"}) {
		t.Errorf("logs to remove are those of %v, %v", ids, err)
	}
	same(t, "gone again", d.forget(lately, "1", "3"), nil)
	if err := NewHistory(d.Store).LogsRemoved(t.Context(), ids); err != nil {
		t.Fatal(err)
	}
	if ids, err := NewHistory(d.Store).LogsToRemove(t.Context(), 10); err != nil || len(ids) != 0 {
		t.Errorf("logs to remove are those of %v, %v", ids, err)
	}
}

func TestWhatIsNeededStays(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	d.ended("gone")
	d.ended("backup", func(c *Change) { c.Backup = &Backup{ID: "b", StartTime: noon} })
	d.ended("restore", func(c *Change) {
		c.Restore = &Restore{BackupID: "b", BackupTimestamp: noon, StartTime: noon, EndTime: noon}
	})
	d.ended("verification", func(c *Change) { c.Verdicts = []Verdict{{BackupID: "b", Level: LevelFiles, Damage: "a hole"}} })
	d.ended("owing", owing)
	d.ended("young", func(c *Change) { c.At = lately.Before })
	d.accept(operation("open"))
	failed := d.ended("retried", failing)
	process := firstProcess(failed)
	d.apply(step(failed, "retry", "queued", func(c *Change) { c.Status, c.Reopen = Waiting, &process }))
	newest := d.ended("newest")

	age := lately
	age.Newest = 1
	same(t, "old", d.old(age), []string{"gone"})
	all := []string{"gone", "backup", "restore", "verification", "owing", "young", "open", "retried", "newest"}
	same(t, "gone", d.forget(age, all...), []string{"gone"})
	// Without what needed them, they go too.
	if err := d.SettleOnFinish(t.Context(), d.owed().Number, ""); err != nil {
		t.Fatal(err)
	}
	d.apply(step(d.accept(operation("deletion")), "ok", "done", func(c *Change) {
		c.Status, c.DeleteBackup, c.At = Succeeded, "b", lately.Before
	}))
	same(t, "old", d.old(lately), []string{"backup", "restore", "verification", "owing", newest.ID})
	same(t, "with as many newest as there are", d.old(Age{Before: lately.Before, Newest: 100}), nil)
}

// Programs that enforce foreign keys lose a backup's row with its process row.
func TestProcessRowsThatOthersNeedStayInTheSharedFile(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	d.ended("1")
	db := outsider(t, d.path)
	run(t, db, `CREATE TABLE schedule (id INTEGER PRIMARY KEY)`,
		`INSERT INTO backup (id, process_id) SELECT 'theirs', min(id) FROM process`,
		`INSERT INTO restore (backup_id, backup_timestamp, process_id) SELECT 'theirs', '', max(id) FROM process`)
	d.forget(lately, "1")
	if rows := list(t, db, `SELECT b.id FROM backup b JOIN process p ON p.id = b.process_id`); !slices.Equal(rows, []string{"theirs"}) {
		t.Errorf("backups with their process: %q", rows)
	}
	same(t, "process rows", list(t, db, `SELECT command_id FROM process`), []string{"1", "1"})
	same(t, "in the ledger", list(t, d.ledgerDB(), `SELECT command_id FROM process`), nil)
}

// While another program holds the shared file, what is to leave it waits.
func TestForgottenRowsLeaveTheSharedFileLater(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	d := openNew(t)
	d.ended("1")
	db := outsider(t, d.path)
	db.SetMaxOpenConns(1)
	run(t, db, `BEGIN IMMEDIATE`)
	same(t, "gone", d.forget(lately, "1"), []string{"1"})
	same(t, "process rows", list(t, db, `SELECT DISTINCT command_id FROM process`), []string{"1"})
	run(t, db, `ROLLBACK`)
	testkit.Eventually(t, "the rows leave the shared file", func() bool {
		return len(list(t, db, `SELECT id FROM process`)) == 0
	})
}

func TestWhenTheDataDirectoryWasReplacedOutlivesTheRestore(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	d.record("b", "")
	restore := operation("restore")
	restore.ReplacesDataDirectory = true
	d.apply(step(d.accept(restore), "ok", "done", func(c *Change) { c.Status, c.At = Succeeded, minute(7) }))
	same(t, "gone", d.forget(lately, "restore"), []string{"restore"})
	b, err := d.Backup(t.Context(), "b")
	if err != nil {
		t.Fatal(err)
	}
	if at, err := d.RestoredSince(t.Context(), b); err != nil || !at.Equal(minute(7)) {
		t.Errorf("restored at %v, %v", at, err)
	}
}

// freePages are how many pages of a database hold nothing, and pages how many it
// has.
func pagesOf(t *testing.T, db *sql.DB) (free, pages string) {
	t.Helper()
	return read(t, db, `PRAGMA freelist_count`), read(t, db, `PRAGMA page_count`)
}

func TestFilesShrink(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	d := openNew(t)
	long := strings.Repeat("x", 30_000)
	var ids []string
	for i := range 100 {
		ids = append(ids, fmt.Sprint(i))
		d.ended(ids[i], func(c *Change) { c.Result = &ProcessResult{Output: long} })
	}
	history := NewHistory(d.Store)
	if more, err := history.Shrink(t.Context()); err != nil || more {
		t.Errorf("with nothing to give: %v, %v", more, err)
	}
	files := map[string]*sql.DB{"ledger": d.ledgerDB(), "shared file": outsider(t, d.path)}
	before := map[string]string{}
	for name, db := range files {
		_, before[name] = pagesOf(t, db)
	}
	d.forget(lately, ids...)
	bites := 0
	for more := true; more; bites++ {
		var err error
		if more, err = history.Shrink(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if bites < 3 {
		t.Errorf("it took %d bites: they are to be small", bites)
	}
	for name, db := range files {
		free, pages := pagesOf(t, db)
		if free != "256" || len(pages) > len(before[name]) || pages >= before[name] {
			t.Errorf("%s: %s pages became %s, %s of them free", name, before[name], pages, free)
		}
		if verdict := read(t, db, `PRAGMA integrity_check`); verdict != "ok" {
			t.Errorf("%s: %s", name, verdict)
		}
	}
}

// A program of before did not make files that can shrink.
func TestEarlierFilesLearnToShrink(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "db.sqlite3")
	ledger := LedgerPath(at(path).StateDir)
	if err := os.MkdirAll(filepath.Dir(ledger), 0o700); err != nil {
		t.Fatal(err)
	}
	before := slices.IndexFunc(migrations, func(m migration) bool { return strings.Contains(m.sql, "figure_end") })
	db := outsider(t, ledger)
	if err := migrateTo(t.Context(), db, before); err != nil {
		t.Fatal(err)
	}
	run(t, db, `INSERT INTO operation (id, machine, definition, backup_id, args, state, status, seq, attempt, data, failed_in, error,
			created_at, started_at, finished_at, replaces_data_directory)
		VALUES ('done', 'restore_database', '', 'b', '{}', 'done', 'succeeded', 7, 1, '{}', '', '',
			'2026-03-04 12:00:00.000000+00:00', '2026-03-04 12:00:01.000000+00:00', '2026-03-04 12:01:31.500000+00:00', TRUE),
		('failed', 'full_backup', '', 'b', '{}', 'failed', 'failed', 7, 1, '{}', 'copy', 'no luck',
			'2026-03-04 12:00:00.000000+00:00', '2026-03-04 12:00:01.000000+00:00', '2026-03-04 12:02:00.000000+00:00', FALSE)`,
		`INSERT INTO operation_end (operation_id, seq, machine, backup_id,
			state, status, attempt, failed_in, error, started_at, at, on_finish, on_finish_error)
		SELECT id, seq, machine, backup_id, state, status, attempt, failed_in, error, started_at, finished_at,
			CASE WHEN status = 'failed' THEN 'failed' ELSE 'done' END, '' FROM operation`,
		`INSERT INTO operation_transition VALUES ('done', 3, 'copy', 'redo', 'copy', 1, '2026-03-04 12:00:02.000000+00:00', '')`)
	run(t, outsider(t, path), foreignTables...)
	d := openAt(t, path)
	for name, db := range map[string]*sql.DB{"ledger": d.ledgerDB(), "shared file": outsider(t, path)} {
		if mode := read(t, db, `PRAGMA auto_vacuum`); mode != "2" {
			t.Errorf("%s: auto_vacuum is %s", name, mode)
		}
	}
	want := Figures{
		Ends: []EndFigure{{"full_backup", Failed, "copy", 1, time.Date(2026, 3, 4, 12, 2, 0, 0, time.UTC)},
			{"restore_database", Succeeded, "", 1, time.Date(2026, 3, 4, 12, 1, 31, 500e6, time.UTC)}},
		Took:           []TookFigure{{"restore_database", 1, 90.5, []uint64{0, 0, 1}}},
		Survived:       []SurvivedFigure{{"restore_database", "redo", 1}},
		OnFinishFailed: 1,
	}
	if got := d.figures(); !reflect.DeepEqual(got, want) {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
	if at, err := d.RestoredSince(t.Context(), Backup{}); err != nil || !at.Equal(want.Ends[1].Last) {
		t.Errorf("restored at %v, %v", at, err)
	}
	same(t, "old", d.old(lately), []string{"done", "failed"})
}
