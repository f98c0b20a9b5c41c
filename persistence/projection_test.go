package persistence

import (
	"context"
	"dbcalm-db-cmd/steps/testkit"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is how long a test waits for what must happen.
const patience = 30 * time.Second

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("waited %s in vain: %s", patience, what)
		}
	}
}

// tables are the contract's rows as text, with what tells of the daemon's own
// process left out.
func tables(t *testing.T, path string) string {
	t.Helper()
	db := outsider(t, path)
	defer db.Close()
	text := ""
	for _, query := range []string{
		`SELECT concat_ws('|', id, command_id, command, status, coalesce(output, '-'), coalesce(error, '-'), coalesce(return_code, '-'),
			start_time || '', coalesce(end_time || '', '-'), type, args) FROM process ORDER BY id`,
		`SELECT concat_ws('|', id, coalesce(from_backup_id, '-'), start_time || '', end_time || '', process_id) FROM backup ORDER BY id`,
		`SELECT concat_ws('|', id, backup_id, backup_timestamp || '', target_path, process_id) FROM restore ORDER BY id`,
	} {
		text += strings.Join(list(t, db, query), "\n") + "\n--\n"
	}
	return text
}

// delivered waits until nothing waits in the outbox.
func (d *database) delivered() {
	d.t.Helper()
	eventually(d.t, "the outbox is empty", func() bool { return read(d.t, d.write, `SELECT count(*) FROM outbox`) == "0" })
}

// whole demands that every backup's process row is there and over.
func (d *database) whole() {
	d.t.Helper()
	db := outsider(d.t, d.path)
	defer db.Close()
	n := read(d.t, db, `SELECT count(*) FROM backup b LEFT JOIN process p ON p.id = b.process_id WHERE p.status IS NOT 'success'`)
	if n != "0" {
		d.t.Errorf("%s backups name no process row that has ended well", n)
	}
}

// restored ends an operation with the restore of a backup.
func (d *database) restored(id, backup string) {
	d.t.Helper()
	o := d.accept(operation(id))
	d.apply(step(o, "ok", "done", func(c *Change) {
		c.Status = Succeeded
		c.Restore = &Restore{BackupID: backup, BackupTimestamp: noon, Target: "folder", TargetPath: "/r/" + id,
			StartTime: noon, EndTime: minute(1)}
	}))
}

func TestLedgerGoesOnWhileTheSharedFileIsLocked(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	d := openNew(t)
	o := d.apply(step(d.accept(operation("op")), "start", "copy"))
	writer := outsider(t, d.path)
	writer.SetMaxOpenConns(1)
	run(t, writer, `BEGIN IMMEDIATE`)
	job, err := d.BeginJob(t.Context(), o, Job{OperationID: "op", State: "copy", Attempt: 1}, program(o, 2))
	if err != nil {
		t.Fatal(err)
	}
	o = d.apply(step(o, "ok", "done", func(c *Change) {
		c.JobID, c.Status, c.Backup = job.ID, Succeeded, &Backup{ID: "b", StartTime: noon}
	}))
	if o.Status != Succeeded {
		t.Errorf("the operation is %s", o.Status)
	}
	second := operation("second")
	err = offer(t.Context(), d.Store, second, nil)
	broken(t, err, d.path, "another program holds a lock on it")
	broken(t, d.CheckWritable(t.Context()), d.path, "another program holds a lock on it")
	if status := read(t, writer, `SELECT group_concat(status) FROM process`); status != "running" {
		t.Errorf("behind the lock the rows say %s", status)
	}
	run(t, writer, `ROLLBACK`)
	d.delivered()
	same(t, "rows afterwards", list(t, writer, `SELECT command_id || ' ' || status FROM process ORDER BY id`),
		[]string{"op success", "op success"})
	d.whole()
	if _, err := d.Operation(t.Context(), "second"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a refused operation is known: %v", err)
	}
	d.accept(second)
	if err := d.CheckWritable(t.Context()); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestTroubleIsTold(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	var mu sync.Mutex
	var told []string
	count := func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(told)
	}
	o := at(filepath.Join(t.TempDir(), "db.sqlite3"))
	o.Notice = func(err error) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, fmt.Sprint(err))
	}
	s, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if count() > 0 {
		t.Errorf("of a new file was told %q", told)
	}
	if err := os.Remove(o.Shared); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the loss and its end are told", func() bool { return count() == 2 })
	if !strings.Contains(told[0], "it was lost: it is gone") || told[1] != "<nil>" {
		t.Errorf("told %q", told)
	}
}

// unsettled takes back what the ledger knows of the last change's delivery, as a
// daemon leaves it that is killed in between. Its change must be the last one.
func (d *database) unsettled(change func()) {
	d.t.Helper()
	writer := outsider(d.t, d.path)
	writer.SetMaxOpenConns(1)
	run(d.t, writer, `BEGIN IMMEDIATE`)
	change()
	ledger := d.ledgerDB()
	if n := read(d.t, ledger, `SELECT count(*) FROM outbox`); n != "1" {
		d.t.Fatalf("%s changes wait", n)
	}
	before := read(d.t, ledger, `SELECT change FROM outbox`)
	ids := list(d.t, ledger, `SELECT id FROM process WHERE shared_id IS NULL`)
	run(d.t, writer, `ROLLBACK`)
	d.delivered()
	if err := d.Close(); err != nil {
		d.t.Fatal(err)
	}
	for _, id := range ids {
		run(d.t, ledger, `UPDATE process SET shared_id = NULL WHERE id = `+id)
	}
	run(d.t, ledger, `UPDATE backup SET delivered = 0 WHERE id = 'b-op'`, `UPDATE restore SET shared_id = NULL`)
	if _, err := ledger.ExecContext(d.t.Context(), `INSERT INTO outbox (change) VALUES (?)`, before); err != nil {
		d.t.Fatal(err)
	}
}

func TestChangeIsDeliveredOnceWhateverDiesBetween(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	begin := func(d *database) {
		o := d.operation("op")
		if _, err := d.BeginJob(t.Context(), o, Job{OperationID: "op", State: "copy", Attempt: 1}, program(o, 2)); err != nil {
			t.Fatal(err)
		}
	}
	end := func(d *database) {
		job, err := d.OpenJob(t.Context(), "op")
		if err != nil {
			t.Fatal(err)
		}
		d.apply(step(d.operation("op"), "ok", "done", func(c *Change) {
			c.JobID = job.ID
			c.Status, c.Backup = Succeeded, &Backup{ID: "b-op", StartTime: noon, EndTime: pointer(minute(1))}
			c.Restore = &Restore{BackupID: "b-op", BackupTimestamp: noon, TargetPath: "/r", StartTime: noon, EndTime: minute(1)}
		}))
	}
	for name, test := range map[string]struct {
		before, change func(*database)
		// meanwhile is what others do before the next daemon starts.
		meanwhile string
		want      string
	}{
		"a program begins":     {change: begin, want: "op success,op running;;"},
		"a backup is recorded": {before: begin, change: end, want: "op success,op success;b-op;b-op"},
		"and deleted":          {before: begin, change: end, meanwhile: `DELETE FROM backup`, want: "op success,op success;;"},
		"and another row is added": {before: begin, change: end,
			meanwhile: `INSERT INTO process (command_id, status) VALUES ('cron', 'success')`,
			want:      "op success,op success,cron success;b-op;b-op"},
		"the newest row is removed": {change: begin, meanwhile: `DELETE FROM process WHERE id = 2`, want: "op success,op running;;"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := openNew(t)
			d.apply(step(d.accept(operation("op")), "start", "copy"))
			if test.before != nil {
				test.before(d)
			}
			d.unsettled(func() { test.change(d) })
			db := outsider(t, d.path)
			run(t, db, `CREATE TABLE schedule (id INTEGER PRIMARY KEY)`)
			if test.meanwhile != "" {
				run(t, db, test.meanwhile)
			}
			again := openAt(t, d.path)
			again.delivered()
			got := read(t, db, `SELECT
				coalesce((SELECT group_concat(command_id || ' ' || status) FROM (SELECT * FROM process ORDER BY id)), '') || ';' ||
				coalesce((SELECT group_concat(id) FROM backup), '') || ';' || coalesce((SELECT group_concat(backup_id) FROM restore), '')`)
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if n := read(t, again.ledgerDB(), `SELECT count(*) FROM process WHERE shared_id IS NULL`); n != "0" {
				t.Errorf("of %s rows it is not known where they are", n)
			}
			if _, err := again.Backup(t.Context(), "b-op"); (err == nil) != strings.Contains(test.want, "b-op") {
				t.Errorf("the backup: %v", err)
			}
		})
	}
}

func TestWithdrawnOperationLeavesNoRow(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	d.record("full", "")
	o := operation("op")
	// The word of the commit is lost: the row is there, nobody knows.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := offer(ctx, d.Store, o, nil); err == nil {
		t.Fatal("accepted with a context that has ended")
	}
	run(t, outsider(t, d.path), `INSERT INTO process (command_id, status, start_time)
		VALUES ('op', 'running', '2026-03-04 12:00:00.123456+00:00')`)
	if err := d.withdraw(t.Context(), "op"); err != nil {
		t.Fatal(err)
	}
	d.shared.deliverNow(t.Context())
	d.delivered()
	same(t, "rows", list(t, outsider(t, d.path), `SELECT command_id FROM process`), []string{"op-full"})
}

func TestRowsOfOthersStayAndIDsAreNeverShared(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	db := outsider(t, d.path)
	var writers sync.WaitGroup
	for range 2 {
		writers.Go(func() {
			for range 20 {
				if _, err := db.ExecContext(t.Context(), `INSERT INTO process (command_id, command, pid, status, start_time, type, args)
					VALUES ('cron', 'cleanup', 1, 'success', '2026-03-04 12:00:00.000000+00:00', 'cleanup_backups', '{}')`); err != nil {
					t.Errorf("the cron helper: %v", err)
				}
			}
		})
	}
	for i := range 10 {
		d.record(fmt.Sprint(i), "")
	}
	writers.Wait()
	if n := read(t, db, `SELECT count(*) FROM process WHERE command_id = 'cron'`); n != "40" {
		t.Errorf("%s rows of the cron helper are left of 40", n)
	}
	d.whole()
	for i := range 10 {
		rows := d.processes(fmt.Sprintf("op-%d", i))
		if got := read(t, db, `SELECT command_id FROM process WHERE id = ?`, rows[0].SharedID); got != rows[0].CommandID {
			t.Errorf("row %d is of %s, not of %s", rows[0].SharedID, got, rows[0].CommandID)
		}
	}
}

func TestEveryPIDIsAProcess(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	o := d.apply(step(d.accept(operation("op")), "start", "copy"))
	job, err := d.BeginJob(t.Context(), o, Job{OperationID: "op", State: "copy", Attempt: 1}, program(o, 2))
	if err != nil {
		t.Fatal(err)
	}
	db := outsider(t, d.path)
	own := fmt.Sprint(os.Getpid())
	same(t, "pids before the program runs", list(t, db, `SELECT pid FROM process ORDER BY id`), []string{own, own})
	if err := d.SetProcessPID(t.Context(), job.ProcessID, 4712); err != nil {
		t.Fatal(err)
	}
	d.accept(operation("waiting"))
	same(t, "pids", list(t, db, `SELECT pid FROM process ORDER BY id`), []string{own, "4712", own})
	if row := d.newest("waiting"); row.PID != nil {
		t.Errorf("a program is said to run: %d", *row.PID)
	}
	// The next daemon has another pid.
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	run(t, d.ledgerDB(), `UPDATE process SET daemon_pid = 1`)
	openAt(t, d.path)
	same(t, "pids with the next daemon", list(t, db, `SELECT pid FROM process ORDER BY id`), []string{own, "4712", own})
}
