package persistence

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// touched are the rows of a ledger's transaction that other programs see.
type touched struct {
	processes []int64
	backups   []string
	restores  []int64
	deleted   []string
	withdrawn []string
}

func (t *touched) process(id int64) {
	if !slices.Contains(t.processes, id) {
		t.processes = append(t.processes, id)
	}
}

// sharedChange is what one transaction of the ledger means to the shared file:
// the rows as they are after it. It is put into the outbox in that transaction
// and leaves it when the shared file has it.
type sharedChange struct {
	Processes []sharedProcess `json:"processes,omitempty"`
	Backups   []sharedBackup  `json:"backups,omitempty"`
	Restores  []sharedRestore `json:"restores,omitempty"`
	// Deleted are ids of backups, Withdrawn ids of commands that were not
	// accepted in the end.
	Deleted   []string `json:"deleted,omitempty"`
	Withdrawn []string `json:"withdrawn,omitempty"`
}

// sharedProcess is a row of the ledger's process table. Process is its id there,
// Shared the one it has in the shared file, 0 for not yet.
type sharedProcess struct {
	Process    int64   `json:"process"`
	Shared     int64   `json:"-"`
	CommandID  string  `json:"command_id"`
	Command    string  `json:"command"`
	PID        int64   `json:"pid"`
	Status     string  `json:"status"`
	Output     *string `json:"output,omitempty"`
	Error      *string `json:"error,omitempty"`
	ReturnCode *int64  `json:"return_code,omitempty"`
	StartTime  string  `json:"start_time"`
	EndTime    *string `json:"end_time,omitempty"`
	Type       string  `json:"type"`
	Args       string  `json:"args"`
}

// sharedBackup is a row of the ledger's backup table.
type sharedBackup struct {
	ID           string  `json:"id"`
	FromBackupID *string `json:"from_backup_id,omitempty"`
	ScheduleID   *int64  `json:"schedule_id,omitempty"`
	StartTime    string  `json:"start_time"`
	EndTime      *string `json:"end_time,omitempty"`
	Process      int64   `json:"process"`
	Size         *int64  `json:"size,omitempty"`
}

// sharedRestore is a row of the ledger's restore table.
type sharedRestore struct {
	Restore         int64   `json:"restore"`
	Shared          int64   `json:"-"`
	BackupID        string  `json:"backup_id"`
	BackupTimestamp string  `json:"backup_timestamp"`
	Target          string  `json:"target"`
	TargetPath      string  `json:"target_path"`
	StartTime       string  `json:"start_time"`
	EndTime         *string `json:"end_time,omitempty"`
	Process         int64   `json:"process"`
}

// A time goes from table to table as the text it is: read as text, since the
// driver else makes a time of it.
const sharedProcessColumns = `id, coalesce(shared_id, 0), coalesce(command_id, ''), coalesce(command, ''), coalesce(pid, daemon_pid, 0), coalesce(status, ''),
	output, error, return_code, coalesce(start_time || '', ''), end_time || '', coalesce(type, ''), coalesce(args, '')`

func scanSharedProcess(row scanner) (sharedProcess, error) {
	var p sharedProcess
	err := row.Scan(&p.Process, &p.Shared, &p.CommandID, &p.Command, &p.PID, &p.Status, &p.Output, &p.Error, &p.ReturnCode, &p.StartTime, &p.EndTime, &p.Type, &p.Args)
	return p, err
}

const sharedBackupColumns = `id, from_backup_id, schedule_id, coalesce(start_time || '', ''), end_time || '', coalesce(process_id, 0), size`

func scanSharedBackup(row scanner) (sharedBackup, error) {
	var b sharedBackup
	err := row.Scan(&b.ID, &b.FromBackupID, &b.ScheduleID, &b.StartTime, &b.EndTime, &b.Process, &b.Size)
	return b, err
}

const sharedRestoreColumns = `id, coalesce(shared_id, 0), backup_id, coalesce(backup_timestamp || '', ''), coalesce(target, ''), coalesce(target_path, ''),
	coalesce(start_time || '', ''), end_time || '', coalesce(process_id, 0)`

func scanSharedRestore(row scanner) (sharedRestore, error) {
	var r sharedRestore
	err := row.Scan(&r.Restore, &r.Shared, &r.BackupID, &r.BackupTimestamp, &r.Target, &r.TargetPath, &r.StartTime, &r.EndTime, &r.Process)
	return r, err
}

// putInOutbox writes down what the shared file is to be told of a transaction,
// and reports whether there is anything.
func putInOutbox(ctx context.Context, tx *ledgerTx) (bool, error) {
	change := sharedChange{Deleted: tx.touched.deleted, Withdrawn: tx.touched.withdrawn}
	for _, id := range tx.touched.processes {
		p, err := scanSharedProcess(tx.QueryRowContext(ctx, `SELECT `+sharedProcessColumns+` FROM process WHERE id = ?`, id))
		if err != nil {
			return false, err
		}
		change.Processes = append(change.Processes, p)
	}
	for _, id := range tx.touched.backups {
		b, err := scanSharedBackup(tx.QueryRowContext(ctx, `SELECT `+sharedBackupColumns+` FROM backup WHERE id = ?`, id))
		if err != nil {
			return false, err
		}
		change.Backups = append(change.Backups, b)
	}
	for _, id := range tx.touched.restores {
		r, err := scanSharedRestore(tx.QueryRowContext(ctx, `SELECT `+sharedRestoreColumns+` FROM restore WHERE id = ?`, id))
		if err != nil {
			return false, err
		}
		change.Restores = append(change.Restores, r)
	}
	if len(change.Processes)+len(change.Backups)+len(change.Restores)+len(change.Deleted)+len(change.Withdrawn) == 0 {
		return false, nil
	}
	text, err := json.Marshal(change)
	if err != nil {
		return false, err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO outbox (change) VALUES (?)`, string(text))
	return err == nil, err
}

// outgoing is the first change in the outbox.
type outgoing struct {
	number int64
	change sharedChange
}

// nextOutgoing returns the first change that the shared file has not been told
// of, with the ids that its rows have there by now; nil for none.
func (l *ledger) nextOutgoing(ctx context.Context) (*outgoing, error) {
	var o outgoing
	var text string
	err := l.read.QueryRowContext(ctx, `SELECT number, change FROM outbox ORDER BY number LIMIT 1`).Scan(&o.number, &text)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, l.explain("read outbox", err)
	}
	if err := json.Unmarshal([]byte(text), &o.change); err != nil {
		return nil, fmt.Errorf("read outbox: change %d: %w", o.number, err)
	}
	// The row of an operation that was withdrawn is in the ledger no more.
	processes := o.change.Processes
	o.change.Processes = nil
	for _, p := range processes {
		var known bool
		if p.Shared, known, err = l.sharedID(ctx, "process", p.Process); err != nil {
			return nil, err
		}
		if known {
			o.change.Processes = append(o.change.Processes, p)
		}
	}
	for i, r := range o.change.Restores {
		if o.change.Restores[i].Shared, _, err = l.sharedID(ctx, "restore", r.Restore); err != nil {
			return nil, err
		}
	}
	return &o, nil
}

// sharedID returns the id that a row of the ledger has in the shared file, 0 for
// not yet, and whether there is such a row.
func (l *ledger) sharedID(ctx context.Context, table string, id int64) (int64, bool, error) {
	var shared sql.NullInt64
	err := l.read.QueryRowContext(ctx, `SELECT shared_id FROM `+table+` WHERE id = ?`, id).Scan(&shared)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	return shared.Int64, err == nil, l.explain("read outbox", err)
}

// settleOutgoing notes what the shared file has: the ids of its rows, and that
// every change up to a number is there.
func (l *ledger) settleOutgoing(ctx context.Context, number int64, done landed) error {
	_, err := l.commit(ctx, "settle outbox", func(tx *ledgerTx) error {
		if err := noteShared(ctx, tx, done); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM outbox WHERE number <= ?`, number)
		return err
	})
	return err
}

// landed are the ids of rows in the shared file, by those they have in the
// ledger, and the backups whose rows are there.
type landed struct {
	processes, restores map[int64]int64
	backups             []string
	// unscheduled are backups whose schedule is not there.
	unscheduled []string
}

func noteShared(ctx context.Context, tx *ledgerTx, done landed) error {
	for id, shared := range done.processes {
		if _, err := tx.ExecContext(ctx, `UPDATE process SET shared_id = ?1 WHERE id = ?2 AND shared_id IS NOT ?1`, shared, id); err != nil {
			return err
		}
	}
	for id, shared := range done.restores {
		if _, err := tx.ExecContext(ctx, `UPDATE restore SET shared_id = ?1 WHERE id = ?2 AND shared_id IS NOT ?1`, shared, id); err != nil {
			return err
		}
	}
	for _, id := range done.unscheduled {
		if _, err := tx.ExecContext(ctx, `UPDATE backup SET schedule_id = NULL WHERE id = ?`, id); err != nil {
			return err
		}
	}
	for _, id := range done.backups {
		if _, err := tx.ExecContext(ctx, `UPDATE backup SET delivered = 1 WHERE id = ? AND delivered = 0`, id); err != nil {
			return err
		}
	}
	return nil
}

// uniqueStart moves the start of a process by microseconds until no other row
// of its command has it: after a crash, rows are known by it.
func uniqueStart(ctx context.Context, tx *ledgerTx, command string, start time.Time) (time.Time, error) {
	for {
		var n int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM process WHERE command_id = ? AND start_time = ?`, command, stamp{start}).Scan(&n); err != nil {
			return start, err
		}
		if n == 0 {
			return start, nil
		}
		start = start.Add(time.Microsecond)
	}
}
