package persistence

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/persistence/shared"
	"dbcalm-db-cmd/steps/testkit"
)

// copyDatabase puts a copy of an open database where no -wal file is needed.
func copyDatabase(t *testing.T, from, to string) {
	t.Helper()
	db := outsider(t, from)
	defer db.Close()
	run(t, db, `VACUUM INTO '`+to+`'`)
}

func TestDeletionsOfOthersAreLearnt(t *testing.T) {
	t.Parallel()
	for name, statements := range map[string][]string{
		"with its children":         {`DELETE FROM backup WHERE id = 'full'`},
		"after its process rows":    {`DELETE FROM process WHERE command_id IN ('op-full', 'op-inc')`},
		"and all that was recorded": {`DELETE FROM backup`, `DELETE FROM restore`, `DELETE FROM process`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := openNew(t)
			d.record("full", "")
			d.record("inc", "full")
			d.restored("restore", "full")
			run(t, outsider(t, d.path), append([]string{`CREATE TABLE schedule (id INTEGER PRIMARY KEY)`}, statements...)...)
			for _, id := range []string{"full", "inc"} {
				if _, err := d.Backup(t.Context(), id); !errors.Is(err, ErrNotFound) {
					t.Errorf("%s: %v", id, err)
				}
			}
			// The id is free at once.
			o := operation("again")
			o.BackupID = "full"
			d.accept(o, Claim{BackupID: "full", Use: Makes})
			if n := read(t, d.ledgerDB(), `SELECT count(*) FROM restore`); n != "0" {
				t.Errorf("%s restores of it are left", n)
			}
			if n := read(t, outsider(t, d.path), `SELECT count(*) FROM backup`); n != "0" {
				t.Errorf("%s backups came back", n)
			}
		})
	}
}

func TestDeletionsWhileNoDaemonRunsAreLearnt(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	d.record("full", "")
	d.record("other", "")
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	run(t, outsider(t, d.path), `CREATE TABLE schedule (id INTEGER PRIMARY KEY)`, `DELETE FROM backup WHERE id = 'full'`)
	all, err := openAt(t, d.path).Backups(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	same(t, "backups", names(all), []string{"other"})
}

func TestWhatOthersPutIntoTheFileIsNotBelieved(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	d.record("full", "")
	run(t, outsider(t, d.path), `PRAGMA foreign_keys = OFF`,
		`INSERT INTO backup (id, start_time, process_id) VALUES ('forged', '2026-03-04 12:00:00.000000+00:00', 1)`,
		`UPDATE backup SET from_backup_id = 'forged', size = -1 WHERE id = 'full'`,
		`CREATE TABLE operation (id TEXT, definition TEXT)`, `INSERT INTO operation VALUES ('x', 'run this')`)
	if _, err := d.Backup(t.Context(), "forged"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a forged backup: %v", err)
	}
	if b, err := d.Backup(t.Context(), "full"); err != nil || b.FromBackupID != "" || *b.Size != 1000 {
		t.Errorf("a changed backup: %+v, %v", b, err)
	}
}

// lossOf does something to the shared file of a store at work and demands that
// the file then says again what it said.
func lossOf(t *testing.T, lose func(t *testing.T, d *database, copied string)) {
	t.Helper()
	d := openNew(t)
	d.record("old", "")
	d.record("deleted", "")
	copied := filepath.Join(t.TempDir(), "copy.sqlite3")
	o := d.apply(step(d.accept(operation("open")), "start", "copy"))
	copyDatabase(t, d.path, copied)
	run(t, outsider(t, d.path), `CREATE TABLE schedule (id INTEGER PRIMARY KEY)`, `DELETE FROM backup WHERE id = 'deleted'`)
	if _, err := d.Backup(t.Context(), "deleted"); !errors.Is(err, ErrNotFound) {
		t.Fatal(err)
	}
	d.record("full", "old")
	d.restored("restore", "full")
	before := tables(t, d.path)
	lose(t, d, copied)
	second := operation("second")
	err := offer(t.Context(), d.Store, second, nil)
	if !errors.Is(err, shared.ErrLost) {
		t.Errorf("a command in between: %v", err)
	}
	broken(t, err, d.path, "try again in a few seconds")
	if err := d.CheckWritable(t.Context()); !errors.Is(err, shared.ErrLost) {
		t.Errorf("health in between: %v", err)
	}
	if _, err := d.Backup(t.Context(), "full"); err != nil {
		t.Errorf("what is lost is not deleted: %v", err)
	}
	eventually(t, "it is filled again", func() bool { return d.CheckWritable(t.Context()) == nil })
	if after := tables(t, d.path); after != before {
		t.Errorf("it now says\n%s\nand said\n%s", after, before)
	}
	d.apply(step(o, "ok", "done", func(c *Change) { c.Status = Succeeded }))
	d.whole()
	status := read(t, outsider(t, d.path), `SELECT status FROM process WHERE command_id = 'open' ORDER BY id DESC LIMIT 1`)
	if status != "success" {
		t.Errorf("the open operation then is %s", status)
	}
}

func replace(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

func TestLostFileIsFilledAgain(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	for name, lose := range map[string]func(t *testing.T, d *database, copied string){
		"removed": func(t *testing.T, d *database, _ string) {
			for _, suffix := range []string{"", "-wal", "-shm"} {
				if err := os.Remove(d.path + suffix); err != nil {
					t.Fatal(err)
				}
			}
		},
		"removed without its -wal file": func(t *testing.T, d *database, _ string) {
			if err := os.Remove(d.path); err != nil {
				t.Fatal(err)
			}
		},
		"an older copy in its place": func(t *testing.T, d *database, copied string) { replace(t, copied, d.path) },
		"a new one in its place": func(t *testing.T, d *database, copied string) {
			if err := os.WriteFile(copied, nil, 0o660); err != nil {
				t.Fatal(err)
			}
			replace(t, copied, d.path)
		},
		"an older state of it restored": func(t *testing.T, d *database, copied string) {
			run(t, outsider(t, d.path), `PRAGMA foreign_keys = OFF; ATTACH '`+copied+`' AS older; BEGIN;
				DELETE FROM main.restore; DELETE FROM main.backup; DELETE FROM main.process; DELETE FROM main.sqlite_sequence;
				INSERT INTO main.process SELECT * FROM older.process; INSERT INTO main.backup SELECT * FROM older.backup;
				UPDATE main.sqlite_sequence SET seq = (SELECT max(id) FROM main.process) WHERE name = 'process'; COMMIT; DETACH older`)
			// It shows in no name: what reads it notices.
			if _, err := d.Backups(t.Context()); err != nil {
				t.Fatal(err)
			}
			eventually(t, "it is noticed", func() bool { return d.shared.problem() != nil })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lossOf(t, lose)
		})
	}
}

func TestFileThatIsBrokenIsToldOfAndWaitedFor(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	d := openNew(t)
	d.record("full", "")
	before := tables(t, d.path)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(d.path, []byte(strings.Repeat("no database ", 1000)), 0o660); err != nil {
		t.Fatal(err)
	}
	again := openAt(t, d.path)
	broken(t, again.CheckWritable(t.Context()), d.path, "it is no SQLite database or is damaged")
	o := operation("op")
	broken(t, offer(t.Context(), again.Store, o, nil), d.path, "it is no SQLite database")
	if _, err := again.Backup(t.Context(), "full"); err != nil {
		t.Errorf("what the ledger knows: %v", err)
	}
	if err := os.Rename(d.path, d.path+".broken"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is made anew", func() bool { return again.CheckWritable(t.Context()) == nil })
	if after := tables(t, d.path); after != before {
		t.Errorf("it now says\n%s\nand said\n%s", after, before)
	}
}

// In another file, others may have the ids that rows of ours had.
func TestRowsOfACommandKeepTheirOrderInAnotherFile(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	o := d.apply(step(d.accept(operation("op")), "start", "copy"))
	if _, err := d.BeginJob(t.Context(), o, Job{OperationID: "op", State: "copy", Attempt: 1}, program(o, 2)); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "other.sqlite3")
	db := outsider(t, other)
	run(t, db, shared.Tables, `INSERT INTO process (id, command_id, status) VALUES (1, 'theirs', 'success'), (9, 'theirs', 'success')`)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), Options{StateDir: filepath.Dir(d.Store.path), Shared: other})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	same(t, "rows", list(t, db, `SELECT id || ' ' || command_id || ' ' || status FROM process ORDER BY id`),
		[]string{"1 theirs success", "9 theirs success", "10 op success", "11 op running"})
}

// The look for what others have deleted reads all backups: what this program has
// written itself is no reason for it.
func TestOwnChangesAreNotLookedAt(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	d.record("full", "")
	looks := 0
	look := func() error { looks++; return nil }
	f := d.shared.current()
	expect := func(what string, want int) {
		t.Helper()
		// Whoever looks after the file, once a second, looks by the same means.
		looks = 0
		if err := f.IfChanged(t.Context(), look); err != nil || looks != want {
			t.Errorf("%s: looked %d times, %v; want %d", what, looks, err, want)
		}
	}
	if err := d.shared.enter(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := f.IfChanged(t.Context(), look); err != nil {
		t.Fatal(err)
	}
	d.shared.leave()
	d.accept(operation("op"))
	if err := d.shared.enter(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer d.shared.leave()
	expect("after a change of our own", 0)
	run(t, outsider(t, d.path), `UPDATE process SET status = status`)
	expect("after another program's", 1)
	expect("after no change", 0)
}
