package persistence

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"dbcalm-db-cmd/persistence/dbfile"
	"dbcalm-db-cmd/persistence/shared"
)

// touched are the rows of a ledger's transaction that other programs see.
type touched struct {
	processes []int64
	backups   []string
	restores  []int64
	deleted   []string
	withdrawn []string
	forgotten []string
}

func (t *touched) process(id int64) {
	if !slices.Contains(t.processes, id) {
		t.processes = append(t.processes, id)
	}
}

// A time goes from table to table as the text it is: read as text, since the
// driver else makes a time of it.
const sharedProcessColumns = `id, coalesce(shared_id, 0), coalesce(command_id, ''), coalesce(command, ''),
	coalesce(pid, daemon_pid, 0), coalesce(status, ''), output, error, return_code,
	coalesce(start_time || '', ''), end_time || '', coalesce(type, ''), coalesce(args, '')`

func scanSharedProcess(row scanner) (shared.Process, error) {
	var p shared.Process
	err := row.Scan(&p.Process, &p.Shared, &p.CommandID, &p.Command, &p.PID, &p.Status,
		&p.Output, &p.Error, &p.ReturnCode, &p.StartTime, &p.EndTime, &p.Type, &p.Args)
	return p, err
}

const sharedBackupColumns = `id, from_backup_id, schedule_id, coalesce(start_time || '', ''), end_time || '', coalesce(process_id, 0), size`

func scanSharedBackup(row scanner) (shared.Backup, error) {
	var b shared.Backup
	err := row.Scan(&b.ID, &b.FromBackupID, &b.ScheduleID, &b.StartTime, &b.EndTime, &b.Process, &b.Size)
	return b, err
}

const sharedRestoreColumns = `id, coalesce(shared_id, 0), backup_id, coalesce(backup_timestamp || '', ''),
	coalesce(target, ''), coalesce(target_path, ''), coalesce(start_time || '', ''), end_time || '', coalesce(process_id, 0)`

func scanSharedRestore(row scanner) (shared.Restore, error) {
	var r shared.Restore
	err := row.Scan(&r.Restore, &r.Shared, &r.BackupID, &r.BackupTimestamp, &r.Target, &r.TargetPath, &r.StartTime, &r.EndTime, &r.Process)
	return r, err
}

// putInOutbox writes down what the shared file is to be told of a transaction,
// and reports whether there is anything.
func putInOutbox(ctx context.Context, tx *ledgerTx) (bool, error) {
	change := shared.Change{Deleted: tx.touched.deleted, Withdrawn: tx.touched.withdrawn, Forgotten: tx.touched.forgotten}
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
	if len(change.Processes)+len(change.Backups)+len(change.Restores) == 0 &&
		len(change.Deleted)+len(change.Withdrawn)+len(change.Forgotten) == 0 {
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
	change shared.Change
}

// nextOutgoing returns the first change that the shared file has not been told
// of, with the ids that its rows have there by now; nil for none.
func (l *ledger) nextOutgoing(ctx context.Context) (*outgoing, error) {
	var o outgoing
	var text string
	err := l.asked.QueryRowContext(ctx, `SELECT number, change FROM outbox ORDER BY number LIMIT 1`).Scan(&o.number, &text)
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
	err := l.asked.QueryRowContext(ctx, `SELECT shared_id FROM `+table+` WHERE id = ?`, id).Scan(&shared)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	return shared.Int64, err == nil, l.explain("read outbox", err)
}

// settleOutgoing notes what the shared file has: the ids of its rows, and that
// every change up to a number is there.
func (l *ledger) settleOutgoing(ctx context.Context, number int64, done shared.Landed) error {
	_, err := l.commit(ctx, "settle outbox", func(tx *ledgerTx) error {
		if err := noteShared(ctx, tx, done); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM outbox WHERE number <= ?`, number)
		return err
	})
	return err
}

func noteShared(ctx context.Context, tx *ledgerTx, done shared.Landed) error {
	for id, shared := range done.Processes {
		if _, err := tx.ExecContext(ctx, `UPDATE process SET shared_id = ?1 WHERE id = ?2 AND shared_id IS NOT ?1`, shared, id); err != nil {
			return err
		}
	}
	for id, shared := range done.Restores {
		if _, err := tx.ExecContext(ctx, `UPDATE restore SET shared_id = ?1 WHERE id = ?2 AND shared_id IS NOT ?1`, shared, id); err != nil {
			return err
		}
	}
	for _, id := range done.Unscheduled {
		if _, err := tx.ExecContext(ctx, `UPDATE backup SET schedule_id = NULL WHERE id = ?`, id); err != nil {
			return err
		}
	}
	for _, id := range done.Backups {
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
		same := tx.QueryRowContext(ctx, `SELECT count(*) FROM process WHERE command_id = ? AND start_time = ?`, command, dbfile.At(start))
		if err := same.Scan(&n); err != nil {
			return start, err
		}
		if n == 0 {
			return start, nil
		}
		start = start.Add(time.Microsecond)
	}
}
