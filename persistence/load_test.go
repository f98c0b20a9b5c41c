//go:build load

package persistence

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"dbcalm-db-cmd/persistence/shared"
)

// What make load has a history built with: in which folder, and how long. The
// daemon's own test reads it there (cmd/dbcalm-db-cmd/e2e).
const (
	envLoadDir        = "LOAD_DIR"
	envLoadOperations = "LOAD_OPERATIONS"

	// loadBackups of the operations made the backups that are recorded, a full one
	// and loadChain-1 on it at a time; loadOpen are open.
	loadBackups = 2000
	loadChain   = 10
	loadOpen    = 100
	// loadPattern operations are written first, and then copied.
	loadPattern = 2000
)

// history writes operations with the statements of the program, many in one
// transaction.
type history struct {
	*database
	tx      *ledgerTx
	texts   map[string]string
	number  int
	backups int
}

// TestBuildHistory writes operations with the program's statements, copies them
// under ids of their own until there are as many as wanted, and then writes those
// that made the backups there are, and the open ones.
func TestBuildHistory(t *testing.T) {
	dir, operations := os.Getenv(envLoadDir), 1_000_000
	if text := os.Getenv(envLoadOperations); text != "" {
		var err error
		if operations, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	l, err := openLedger(t.Context(), LedgerPath(dir+"/state"), 0, func(error) {})
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	// What a power cut leaves of it nobody minds: it is written once, and fast.
	for _, setting := range []string{"synchronous = OFF", "cache_size = -1000000"} {
		if _, err := l.write.ExecContext(t.Context(), "PRAGMA "+setting); err != nil {
			t.Fatal(err)
		}
	}
	h := &history{database: &database{Store: &Store{ledger: l}, t: t, path: dir + "/db.sqlite3"}, texts: map[string]string{}}
	for _, name := range []string{"full_backup", "incremental_backup", "verify_backup", "delete_backup"} {
		text, err := os.ReadFile("../machine/definition/definitions/" + name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		h.texts[name] = string(text)
	}
	began := time.Now()
	last := loadBackups + loadOpen
	copies, made := (operations-last)/loadPattern, 0
	// One that was broken off is gone on with.
	if err := l.read.QueryRowContext(t.Context(), `SELECT count(*) / ? FROM operation`, loadPattern).Scan(&made); err != nil {
		t.Fatal(err)
	}
	if made == 0 {
		h.together(func() error { return h.write(operations, loadPattern) })
		made = 1
	}
	for n := made; n < copies; n++ {
		h.together(func() error { return h.copy(n) })
	}
	h.together(func() error {
		for _, table := range []string{"figure_end", "figure_took"} {
			if _, err := h.tx.ExecContext(t.Context(), `UPDATE `+table+` SET count = count * ?`, copies); err != nil {
				return err
			}
		}
		h.number = copies * loadPattern
		return h.write(h.number+last, last)
	})
	h.fillShared()
	t.Logf("%d operations written in %s", copies*loadPattern+last, time.Since(began).Round(time.Second))
}

// together does some work in one transaction.
func (h *history) together(work func() error) {
	h.t.Helper()
	begun, err := h.ledger.said.Begin(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	defer begun.End(h.t.Context())
	h.tx = &ledgerTx{Tx: begun}
	if err := work(); err != nil {
		h.t.Fatalf("operation %d: %v", h.number, err)
	}
	if err := begun.Commit(); err != nil {
		h.t.Fatal(err)
	}
}

// write writes so many operations.
func (h *history) write(operations, count int) error {
	for range count {
		h.number++
		h.tx.touched = touched{}
		if err := h.one(operations); err != nil {
			return err
		}
	}
	return nil
}

// copy copies the operations that were written first, with all their rows. The
// first letters of the ids are as good as random.
func (h *history) copy(n int) error {
	id := `printf('%08x', (number * 2654435761 + ?1 * 40503 * 7919) % 4294967296) || substr(id, 9, 16) ||
		printf('%012x', ?1 * 1000000 + number)`
	for _, statement := range []string{
		`CREATE TEMP TABLE IF NOT EXISTS pattern AS SELECT number, id FROM operation WHERE number <= ` + fmt.Sprint(loadPattern),
		`CREATE TEMP TABLE IF NOT EXISTS runs AS SELECT max(p.id) AS most FROM pattern o JOIN process p ON p.command_id = o.id`,
		`CREATE TEMP TABLE IF NOT EXISTS jobs AS SELECT max(j.id) AS most FROM pattern o JOIN operation_job j ON j.operation_id = o.id`,
		`DROP TABLE IF EXISTS named`,
		`CREATE TEMP TABLE named AS SELECT id AS was, ` + id + ` AS is_now FROM pattern WHERE ?1 > 0`,
		`CREATE INDEX temp.named_was ON named(was)`,
		`INSERT INTO operation (id, machine, definition, backup_id, args, state, status, seq, attempt, data, failed_in, error,
			created_at, started_at, finished_at, asked_by)
			SELECT is_now, machine, definition, backup_id, args, state, status, seq, attempt, data, failed_in, error,
			created_at, started_at, finished_at, asked_by FROM named JOIN operation ON id = was`,
		`INSERT INTO operation_transition SELECT is_now, seq, from_state, event, to_state, attempt, at, reason
			FROM named JOIN operation_transition ON operation_id = was`,
		`INSERT INTO operation_claim SELECT is_now, backup_id, use FROM named JOIN operation_claim ON operation_id = was`,
		`INSERT INTO operation_job SELECT id + ?1 * (SELECT most FROM jobs), is_now, state, attempt, folder,
			process_id + ?1 * (SELECT most FROM runs), pid, start_ticks, boot_id, created_at, ended_at
			FROM named JOIN operation_job ON operation_id = was`,
		`INSERT INTO operation_end (operation_id, seq, machine, backup_id, state, status, attempt, failed_in, error, started_at, at,
			on_finish, on_finish_error)
			SELECT is_now, seq, machine, backup_id, state, status, attempt, failed_in, error, started_at, at, on_finish, on_finish_error
			FROM named JOIN operation_end ON operation_id = was`,
		`INSERT INTO process SELECT id + ?1 * (SELECT most FROM runs), NULL, is_now, command, pid, daemon_pid, status, output, error,
			return_code, start_time, end_time, type, args FROM named JOIN process ON command_id = was`,
	} {
		args := []any{n}
		if !strings.Contains(statement, "?1") {
			args = nil
		}
		if _, err := h.tx.ExecContext(h.t.Context(), statement, args...); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

// fillShared writes the shared file as if every change had been delivered.
func (h *history) fillShared() {
	h.t.Helper()
	f, err := shared.Open(h.t.Context(), h.path, 0)
	if err != nil {
		h.t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		h.t.Fatal(err)
	}
	if _, err := h.ledger.write.ExecContext(h.t.Context(), `ATTACH DATABASE ? AS shared`, h.path); err != nil {
		h.t.Fatal(err)
	}
	h.together(func() error {
		for _, statement := range []string{
			`UPDATE process SET shared_id = id`,
			`INSERT INTO shared.process SELECT id, command_id, command, coalesce(pid, daemon_pid, 0), status, output, error, return_code,
				start_time, end_time, type, args FROM main.process`,
			`INSERT INTO shared.backup SELECT id, from_backup_id, schedule_id, start_time, end_time, process_id, size FROM main.backup`,
			`UPDATE main.backup SET delivered = 1`,
		} {
			if _, err := h.tx.ExecContext(h.t.Context(), statement); err != nil {
				return fmt.Errorf("%s: %w", statement, err)
			}
		}
		return noteFile(h.t.Context(), h.tx, h.path, f.Identity)
	})
}

// one writes an operation. Of ten, seven are backups of days long gone, one fails,
// one verifies and one deletes; the last ones made the backups there are, and the
// very last are open.
func (h *history) one(operations int) error {
	ctx := h.t.Context()
	left := operations - h.number
	at := time.Now().UTC().Add(-time.Duration(left) * 30 * time.Second)
	kind, backup, parent := h.number%10, fmt.Sprintf("gone-%d", h.number), ""
	if recorded := left - loadOpen; recorded >= 0 && recorded < loadBackups {
		kind, backup = 1, loadBackup(h.backups)
		if h.backups%loadChain > 0 {
			parent = loadBackup(h.backups - 1)
		}
		h.backups++
	}
	machine := "incremental_backup"
	switch {
	case left < loadOpen:
		kind, machine = 1, "full_backup"
	case parent == "" && left < loadOpen+loadBackups:
		machine = "full_backup"
	case kind == 8:
		machine = "verify_backup"
	case kind == 9:
		machine = "delete_backup"
	}
	args := fmt.Appendf(nil, `{"id":"%s","from_backup_id":"%s"}`, backup, parent)
	o := Operation{
		ID:         uuid.NewString(),
		Machine:    machine,
		Definition: h.texts[machine],
		BackupID:   backup,
		Args:       args,
		State:      "queued",
		Status:     Waiting,
		Seq:        1,
		Attempt:    1,
		Data:       []byte("{}"),
		CreatedAt:  at,
		AskedBy:    `{"uid":0,"name":"root","pid":4242,"program":"/usr/bin/dbcalm"}`,
	}
	row := Process{CommandID: o.ID, Command: "dbcalm-db-cmd " + machine + " " + backup, StartTime: at, Type: TypeBackup, Args: args}
	if err := insertOperation(ctx, h.tx, o, []Claim{{BackupID: backup, Use: Makes}}, row); err != nil || left < loadOpen {
		return err
	}
	return h.carry(o, kind, parent)
}

// loadBackup names the backups that are recorded.
func loadBackup(n int) string { return fmt.Sprintf("backup-%04d", n) }

// carry takes an operation through the states of its machine to its end.
func (h *history) carry(o Operation, kind int, parent string) error {
	ctx := h.t.Context()
	at := o.CreatedAt
	states := map[string][]string{
		"delete_backup": {"validate", "retire", "erase", "record"}, "verify_backup": {"validate", "check", "record"},
	}[o.Machine]
	if states == nil {
		states = []string{"validate", "reserve", "copy", "seal", "publish", "record"}
	}
	var err error
	for i, state := range append(states, "done") {
		at = at.Add(time.Second)
		c := Change{OperationID: o.ID, Seq: o.Seq, From: o.State, Event: "ok", To: state, At: at, Status: Running, Attempt: 1,
			Reason: "what the step of this state has found", Data: []byte(`{"work":"/var/backups/dbcalm/.partial/` + o.ID + `-1"}`)}
		if o.State == "copy" {
			begun := Job{OperationID: o.ID, State: "copy", Attempt: 1, Folder: "/var/lib/dbcalm-db-cmd/jobs/" + o.ID + "-4"}
			job, err := beginJob(ctx, h.tx, o, begun, Process{CommandID: o.ID, StartTime: at, Type: TypeBackup, Args: o.Args,
				Command: "mariadb-backup --backup --target-dir=/var/backups/dbcalm/.partial/" + o.ID})
			if err != nil {
				return err
			}
			c.JobID, c.Result = job.ID, &ProcessResult{Output: "[00] 2026-03-04 12:00:00 completed OK!"}
		}
		if i == len(states) {
			c.Status, c.Event = Succeeded, "ok"
			if kind == 7 {
				c.To, c.Status, c.FailedIn, c.Error = "failed", Failed, "record", "mariadb-backup ended with 1: the disk was full"
			}
			if o.BackupID == loadBackup(h.backups-1) {
				end, size := at, int64(1<<30)
				c.Backup = &Backup{ID: o.BackupID, FromBackupID: parent, StartTime: o.CreatedAt, EndTime: &end, Size: &size}
			}
		}
		if o, err = applyChange(ctx, h.tx, c); err != nil {
			return err
		}
	}
	return nil
}
