package persistence

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/persistence/shared"
)

// moveEffects are the effects of a move after which it can be interrupted.
var moveEffects = []string{
	"ledger-begun", "own-tables-copied", "shared-tables-copied", "ledger-copied", "ledger-synced", "ledger-renamed",
	"ledger-moved", "old-tables-dropped",
}

// The environment of a process that moves an installation and kills itself.
const (
	envMove  = "DBCALM_TEST_MOVE"
	envUntil = "DBCALM_TEST_MOVE_UNTIL"
)

// moveUntil moves the installation at path and dies at an effect.
func moveUntil(path, effect string) {
	o := at(path)
	o.JobDirs = []string{"/var/lib/dbcalm/db-cmd/jobs"}
	o.Reached = func(reached string) {
		if reached == effect {
			_ = unix.Kill(os.Getpid(), unix.SIGKILL)
			select {}
		}
	}
	_, err := Open(context.Background(), o)
	fmt.Println("not killed:", err)
	os.Exit(1)
}

// installed makes the database of an installation from before the ledger, with
// an operation at work and one that waits. It was written by the program of that
// time.
func installed(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "db.sqlite3")
	dump, err := os.ReadFile("testdata/before_the_ledger.sql")
	if err != nil {
		t.Fatal(err)
	}
	db := outsider(t, path)
	defer db.Close()
	run(t, db, `PRAGMA journal_mode = WAL`, string(dump))
	return path
}

// movedOver demands that everything of the installation is in the ledger, and
// that the open operation can be gone on with.
func movedOver(t *testing.T, path string) {
	t.Helper()
	o := at(path)
	o.JobDirs = []string{"/var/lib/dbcalm/db-cmd/jobs"}
	d := openWith(t, o)
	db := outsider(t, path)
	same(t, "tables left", list(t, db, `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`),
		[]string{"backup", "process", "restore", "schedule"})
	same(t, "process rows", list(t, db, `SELECT concat_ws(' ', id, command_id, status, pid) FROM process ORDER BY id`), []string{
		"1 cron success 77", "2 op-full success 0", "3 op-inc success 0", "4 restored success 0", "5 open success 0", "6 open running 4712",
		fmt.Sprintf("7 waiting running %d", os.Getpid()),
	})
	same(t, "rows of other programs in the ledger", list(t, d.ledgerDB(), `SELECT command_id FROM process WHERE command_id = 'cron'`), nil)
	open, err := d.OpenOperations(t.Context())
	if err != nil || len(open) != 2 || open[0].ID != "open" || open[0].Definition != "another definition" ||
		open[1].Definition != "the definition" {
		t.Fatalf("open operations %+v, %v", open, err)
	}
	same(t, "definitions", list(t, d.ledgerDB(), `SELECT text FROM operation_definition ORDER BY text`),
		[]string{"another definition", "the definition"})
	job, err := d.OpenJob(t.Context(), "open")
	if err != nil || job.Folder != "/var/lib/dbcalm/db-cmd/jobs/open-2" || job.PID != 4711 || job.StartTicks != 12345 ||
		job.BootID != "boot" || job.ProcessID != 6 {
		t.Errorf("open job %+v, %v", job, err)
	}
	if r, err := d.Request(t.Context(), "request"); err != nil || r.OperationID != "open" {
		t.Errorf("request %+v, %v", r, err)
	}
	if e, err := d.OwedOnFinish(t.Context()); err != nil || e.OperationID != "restored" {
		t.Errorf("owed %+v, %v", e, err)
	}
	if v, err := d.Verifications(t.Context()); err != nil || v["full"].Level != LevelChecksum {
		t.Errorf("verdicts %+v, %v", v, err)
	}
	if transitions, err := d.Transitions(t.Context(), "open"); err != nil || len(transitions) != 2 {
		t.Errorf("transitions %+v, %v", transitions, err)
	}
	if claims, err := d.OpenClaims(t.Context()); err != nil || len(claims) != 2 {
		t.Errorf("claims %+v, %v", claims, err)
	}
	before := tables(t, path)
	d.apply(step(open[0], "ok", "done", func(c *Change) {
		c.Status, c.JobID = Succeeded, job.ID
		c.Backup = &Backup{ID: "b-open", FromBackupID: "inc", StartTime: noon}
	}))
	d.whole()
	if after := tables(t, path); after == before || read(t, db, `SELECT process_id FROM backup WHERE id = 'b-open'`) != "6" {
		t.Errorf("the open operation's end is not to be seen:\n%s", after)
	}
}

func TestInstallationFromBeforeIsMovedOver(t *testing.T) {
	t.Parallel()
	movedOver(t, installed(t))
}

func TestMoveThatIsInterruptedIsDoneByTheNextStart(t *testing.T) {
	t.Parallel()
	for _, effect := range moveEffects {
		t.Run(effect, func(t *testing.T) {
			t.Parallel()
			path := installed(t)
			before := tables(t, path)
			mover := exec.CommandContext(t.Context(), os.Args[0])
			mover.Env = append(os.Environ(), envMove+"="+path, envUntil+"="+effect)
			out, err := mover.CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.Sys().(interface{ Signal() unix.Signal }).Signal() != unix.SIGKILL {
				t.Fatalf("it was not killed at %s: %v\n%s", effect, err, out)
			}
			if after := tables(t, path); after != before {
				t.Errorf("what others read became\n%s\nand was\n%s", after, before)
			}
			db := outsider(t, path)
			_, renamed := os.Stat(LedgerPath(at(path).StateDir))
			own := read(t, db, `SELECT count(*) FROM sqlite_master WHERE name = 'operation'`)
			if renamed != nil && own != "1" {
				t.Error("there is no ledger, and the old tables are gone")
			}
			_ = db.Close()
			movedOver(t, path)
		})
	}
}

func TestMovedJobThatLiesElsewhereIsNone(t *testing.T) {
	t.Parallel()
	job, err := openAt(t, installed(t)).OpenJob(t.Context(), "open")
	if err != nil || job.Folder != "" || job.PID != 0 {
		t.Errorf("open job %+v, %v", job, err)
	}
}

// What others have put there since decides nothing.
func TestTablesOfOursInTheSharedFileAreNeverReadAgain(t *testing.T) {
	t.Parallel()
	path := installed(t)
	d := openAt(t, path)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	dump, err := os.ReadFile("testdata/before_the_ledger.sql")
	if err != nil {
		t.Fatal(err)
	}
	db := outsider(t, path)
	for _, statement := range strings.Split(string(dump), ";\n") {
		// The contract's tables are there: of the rest, all is made again.
		_, _ = db.ExecContext(t.Context(), statement)
	}
	run(t, db, `UPDATE operation SET state = 'forged'`)
	again := openAt(t, path)
	if o := again.operation("open"); o.State != "copy" {
		t.Errorf("the operation is in state %s", o.State)
	}
	same(t, "tables of ours", list(t, db, `SELECT name FROM sqlite_master WHERE name LIKE 'operation%'`), nil)
}

// pythonTables are the tables as older versions of DBCalm make them.
var pythonTables = []string{
	`CREATE TABLE schedule (id INTEGER NOT NULL, PRIMARY KEY (id))`,
	`CREATE TABLE process (id INTEGER NOT NULL, command VARCHAR NOT NULL, command_id VARCHAR NOT NULL, pid INTEGER NOT NULL,
		status VARCHAR NOT NULL, output VARCHAR, error VARCHAR, return_code INTEGER, start_time DATETIME NOT NULL,
		end_time DATETIME, type VARCHAR NOT NULL, args JSON, PRIMARY KEY (id))`,
	`CREATE TABLE backup (id VARCHAR NOT NULL, from_backup_id VARCHAR, schedule_id INTEGER, start_time DATETIME NOT NULL, end_time DATETIME,
		process_id INTEGER NOT NULL, PRIMARY KEY (id), FOREIGN KEY(from_backup_id) REFERENCES backup (id) ON DELETE CASCADE,
		FOREIGN KEY(process_id) REFERENCES process (id) ON DELETE CASCADE)`,
	`CREATE TABLE restore (id INTEGER NOT NULL, start_time DATETIME NOT NULL, end_time DATETIME, target VARCHAR NOT NULL,
		target_path VARCHAR NOT NULL, backup_id VARCHAR NOT NULL, backup_timestamp DATETIME, process_id INTEGER NOT NULL, PRIMARY KEY (id),
		FOREIGN KEY(backup_id) REFERENCES backup (id) ON DELETE CASCADE, FOREIGN KEY(process_id) REFERENCES process (id) ON DELETE CASCADE)`,
}

func TestTablesMadeByPython(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "db.sqlite3")
	db := outsider(t, path)
	run(t, db, pythonTables...)
	run(t, db, `INSERT INTO process
		VALUES (1, 'mariabackup', 'theirs', 42, 'success', NULL, NULL, 0, '2026-03-04 10:00:00.000001', '2026-03-04 10:01:00', 'backup', '{}')`,
		`INSERT INTO backup VALUES ('theirs', NULL, NULL, '2026-03-04 10:00:00.000001', '2026-03-04 10:01:00', 1)`)
	run(t, db, `INSERT INTO backup VALUES ('odd', NULL, NULL, 'yesterday', 'today', 1)`)
	d := openAt(t, path)
	if b, err := d.Backup(t.Context(), "odd"); err != nil || !b.StartTime.IsZero() || b.EndTime != nil {
		t.Errorf("a backup with odd times: %+v, %v", b, err)
	}
	if b, err := d.Backup(t.Context(), "theirs"); err != nil || b.Size != nil || b.StartTime.Hour() != 10 {
		t.Errorf("a backup of theirs: %+v, %v", b, err)
	}
	d.record("full", "theirs")
	d.restored("restore", "full")
	d.whole()
	same(t, "rows without a pid", list(t, db, `SELECT command_id FROM process WHERE pid IS NULL OR pid = 0`), nil)
	same(t, "violations of foreign keys", list(t, db, `SELECT "table" FROM pragma_foreign_key_check`), nil)
	run(t, db, `DELETE FROM backup WHERE id = 'odd'`)
	// The highest id is given anew there once its row is gone.
	run(t, db, `DELETE FROM backup WHERE id = 'full'`)
	if _, err := d.Backup(t.Context(), "full"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a deleted backup: %v", err)
	}
	before := tables(t, path)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(path + suffix); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	openAt(t, path)
	if after := tables(t, path); after != before {
		t.Errorf("filled again it says\n%s\nand said\n%s", after, before)
	}
}

func TestIndexesAreNotDoubled(t *testing.T) {
	t.Parallel()
	indexes := func(db *sql.DB) []string {
		return list(t, db, `SELECT name FROM sqlite_master WHERE type = 'index' AND name NOT LIKE 'sqlite_%' ORDER BY name`)
	}
	path := filepath.Join(t.TempDir(), "db.sqlite3")
	db := outsider(t, path)
	run(t, db, shared.Tables, `CREATE INDEX idx_backups_schedule_id ON backup(schedule_id)`,
		`CREATE INDEX idx_backups_start_time ON backup(start_time)`, `CREATE INDEX idx_processes_status ON process(status)`,
		`CREATE INDEX idx_processes_type ON process(type)`, `CREATE INDEX idx_processes_command_id ON process(command_id)`)
	theirs := indexes(db)
	d := openAt(t, path)
	same(t, "indexes", indexes(db), theirs)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	// An earlier version of this program has doubled one.
	run(t, db, `CREATE INDEX idx_process_status ON process(status)`)
	openAt(t, path)
	same(t, "indexes with one of ours before", indexes(db), theirs)
}
