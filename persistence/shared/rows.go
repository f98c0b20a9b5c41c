package shared

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"dbcalm-db-cmd/persistence/dbfile"
)

// Tx is one write transaction of the shared file.
type Tx struct {
	*dbfile.Tx
	file *File
	// unsure: what is written may be there already, its ids unknown to us.
	unsure bool
	done   Landed
	// last is the highest id of each command's rows written here: a later row of
	// the ledger must have a higher one, since clients go by it.
	last map[string]int64
}

// InTx runs work in one write transaction of the shared file and returns
// what it has written.
func (f *File) InTx(ctx context.Context, unsure bool, work func(*Tx) error) (Landed, error) {
	begun, err := f.said.Begin(ctx)
	if err != nil {
		return Landed{}, err
	}
	defer begun.End(ctx)
	tx := &Tx{Tx: begun, file: f, unsure: unsure, last: map[string]int64{},
		done: Landed{Processes: map[int64]int64{}, Restores: map[int64]int64{}}}
	if err := work(tx); err != nil {
		return Landed{}, err
	}
	return tx.done, tx.Commit()
}

// Apply writes a change. If it is unsure whether the change is there already, its
// last process row tells: a row that reads as the change leaves it was written
// by this very change, and then so was everything else in it. What another
// program has deleted since stays deleted.
func (tx *Tx) Apply(ctx context.Context, c Change, processOf func(int64) (int64, error)) error {
	if tx.unsure && len(c.Processes) > 0 {
		there, err := tx.applied(ctx, c)
		if err != nil || there {
			return err
		}
	}
	for _, id := range c.Deleted {
		if err := tx.deleteBackup(ctx, id); err != nil {
			return err
		}
	}
	for _, id := range c.Withdrawn {
		if _, err := tx.ExecContext(ctx, `DELETE FROM process WHERE command_id = ?`, id); err != nil {
			return err
		}
	}
	if err := tx.forget(ctx, c.Forgotten); err != nil {
		return err
	}
	for _, p := range c.Processes {
		if err := tx.putProcess(ctx, p); err != nil {
			return err
		}
	}
	return tx.applyRecords(ctx, c, processOf)
}

// forget removes the process rows of commands, but for those that a backup or a
// restore names, whoever has recorded it: where foreign keys are enforced, that
// would go with its process row.
func (tx *Tx) forget(ctx context.Context, commands []string) error {
	if len(commands) == 0 {
		return nil
	}
	list, err := json.Marshal(commands)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM process WHERE command_id IN (SELECT value FROM json_each(?)) AND id NOT IN (
		SELECT process_id FROM backup WHERE process_id IS NOT NULL UNION SELECT process_id FROM restore WHERE process_id IS NOT NULL)`,
		string(list))
	return err
}

// applyRecords writes backups and restores. The id of the process row that one
// names is looked up unless this transaction has written that row.
func (tx *Tx) applyRecords(ctx context.Context, c Change, processOf func(int64) (int64, error)) error {
	shared := func(process int64) (int64, error) {
		if id, written := tx.done.Processes[process]; written {
			return id, nil
		}
		return processOf(process)
	}
	for _, b := range c.Backups {
		process, err := shared(b.Process)
		if err != nil {
			return err
		}
		if err := tx.putBackup(ctx, b, process); err != nil {
			return err
		}
	}
	for _, r := range c.Restores {
		process, err := shared(r.Process)
		if err != nil {
			return err
		}
		if err := tx.putRestore(ctx, r, process); err != nil {
			return err
		}
	}
	return nil
}

// applied reports whether a change is there, and notes the ids of its rows.
func (tx *Tx) applied(ctx context.Context, c Change) (bool, error) {
	done := Landed{Processes: map[int64]int64{}, Restores: map[int64]int64{}}
	for i, p := range c.Processes {
		id, err := tx.locate(ctx, p)
		if err != nil || id == 0 {
			return false, err
		}
		done.Processes[p.Process] = id
		if i < len(c.Processes)-1 {
			continue
		}
		var same bool
		err = tx.QueryRowContext(ctx, `SELECT status IS ? AND pid IS ? AND output IS ? AND error IS ?
			AND return_code IS ? AND end_time || '' IS ? FROM process WHERE id = ?`,
			p.Status, p.PID, p.Output, p.Error, p.ReturnCode, p.EndTime, id).Scan(&same)
		if err != nil || !same {
			return false, err
		}
	}
	for _, b := range c.Backups {
		done.Backups = append(done.Backups, b.ID)
	}
	for _, r := range c.Restores {
		id, err := tx.locateRestore(ctx, r)
		if err != nil {
			return false, err
		}
		done.Restores[r.Restore] = id
	}
	tx.done = done
	return true, nil
}

// locate returns the id of a process row in the shared file, 0 if it is not
// there. Another row may have its id by now: where ids are given anew, or in
// another file.
func (tx *Tx) locate(ctx context.Context, p Process) (int64, error) {
	if p.Shared != 0 {
		var ours bool
		err := tx.QueryRowContext(ctx, `SELECT command_id IS ? AND start_time || '' IS ? FROM process WHERE id = ?`,
			p.CommandID, p.StartTime, p.Shared).Scan(&ours)
		if err == nil && ours {
			return p.Shared, nil
		}
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return 0, err
		}
	}
	if !tx.unsure {
		return 0, nil
	}
	var id int64
	err := tx.QueryRowContext(ctx, `SELECT id FROM process WHERE command_id = ? AND start_time || '' = ?
		ORDER BY id DESC LIMIT 1`, p.CommandID, p.StartTime).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return id, err
}

// putProcess writes a process row: over the one that is there, in its old place
// if it is not, else in a new one. Rows of one command keep their order.
func (tx *Tx) putProcess(ctx context.Context, p Process) error {
	id, err := tx.locate(ctx, p)
	if err != nil {
		return err
	}
	values := []any{p.CommandID, p.Command, p.PID, p.Status, p.Output, p.Error, p.ReturnCode, p.StartTime, p.EndTime, p.Type, p.Args}
	switch {
	case id > tx.last[p.CommandID]:
		_, err = tx.ExecContext(ctx, `UPDATE process SET command_id = ?, command = ?, pid = ?, status = ?, output = ?, error = ?, return_code = ?,
			start_time = ?, end_time = ?, type = ?, args = ? WHERE id = ?`, append(values, id)...)
	default:
		if id != 0 {
			if _, err := tx.ExecContext(ctx, `DELETE FROM process WHERE id = ?`, id); err != nil {
				return err
			}
		}
		id, err = tx.insertProcess(ctx, p, values)
	}
	tx.done.Processes[p.Process], tx.last[p.CommandID] = id, id
	return err
}

func (tx *Tx) insertProcess(ctx context.Context, p Process, values []any) (int64, error) {
	var place *int64
	if p.Shared > tx.last[p.CommandID] {
		var taken int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM process WHERE id = ?`, p.Shared).Scan(&taken); err != nil {
			return 0, err
		}
		if taken == 0 {
			place = &p.Shared
		}
	}
	result, err := tx.ExecContext(ctx, `INSERT INTO process
		(command_id, command, pid, status, output, error, return_code, start_time, end_time, type, args, id)
		VALUES (?,?,?,?,?,?,?,?,?,?,?,?)`, append(values, place)...)
	if err != nil {
		return 0, err
	}
	return result.LastInsertId()
}

func (tx *Tx) putBackup(ctx context.Context, b Backup, process int64) error {
	schedule, err := tx.knownSchedule(ctx, b.ScheduleID)
	if err != nil {
		return err
	}
	if schedule == nil && b.ScheduleID != nil {
		tx.done.Unscheduled = append(tx.done.Unscheduled, b.ID)
	}
	set := `from_backup_id = ?, schedule_id = ?, start_time = ?, end_time = ?, process_id = ?`
	columns, marks := `from_backup_id, schedule_id, start_time, end_time, process_id`, `?,?,?,?,?`
	values := []any{b.FromBackupID, schedule, b.StartTime, b.EndTime, process}
	if tx.file.hasSize {
		set, columns, marks, values = set+`, size = ?`, columns+`, size`, marks+`,?`, append(values, b.Size)
	}
	values = append(values, b.ID)
	result, err := tx.ExecContext(ctx, `UPDATE backup SET `+set+` WHERE id = ?`, values...)
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err == nil && n == 0 {
		_, err = tx.ExecContext(ctx, `INSERT INTO backup (`+columns+`, id) VALUES (`+marks+`,?)`, values...)
	}
	tx.done.Backups = append(tx.done.Backups, b.ID)
	return err
}

// knownSchedule returns the schedule's id if its row is there. The table is
// another program's and may lack the row, or be missing: that must not cost us
// the backup's record.
func (tx *Tx) knownSchedule(ctx context.Context, id *int64) (*int64, error) {
	if id == nil {
		return nil, nil
	}
	var n int
	err := tx.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'schedule'`).Scan(&n)
	if err != nil || n == 0 {
		return nil, err
	}
	err = tx.QueryRowContext(ctx, `SELECT count(*) FROM schedule WHERE id = ?`, *id).Scan(&n)
	if err != nil || n == 0 {
		return nil, err
	}
	return id, nil
}

func (tx *Tx) deleteBackup(ctx context.Context, id string) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM restore WHERE backup_id = ?`, id); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM backup WHERE id = ?`, id)
	return err
}

// locateRestore returns the id of a restore row in the shared file, 0 if it is
// not there.
func (tx *Tx) locateRestore(ctx context.Context, r Restore) (int64, error) {
	var id int64
	err := tx.QueryRowContext(ctx, `SELECT id FROM restore
		WHERE backup_id = ?1 AND start_time || '' = ?2 AND target_path = ?3 AND (id = ?4 OR ?4 = 0 OR ?5)
		ORDER BY id = ?4 DESC, id LIMIT 1`,
		r.BackupID, r.StartTime, r.TargetPath, r.Shared, tx.unsure).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return id, err
}

// putRestore writes a restore row, unless another program has deleted the backup
// meanwhile: it would refer to none.
func (tx *Tx) putRestore(ctx context.Context, r Restore, process int64) error {
	id := int64(0)
	var err error
	if tx.unsure {
		if id, err = tx.locateRestore(ctx, r); err != nil {
			return err
		}
	}
	if id != 0 {
		_, err = tx.ExecContext(ctx, `UPDATE restore SET process_id = ?, end_time = ? WHERE id = ?`, process, r.EndTime, id)
		tx.done.Restores[r.Restore] = id
		return err
	}
	result, err := tx.ExecContext(ctx, `INSERT INTO restore
		(backup_id, backup_timestamp, target, target_path, start_time, end_time, process_id)
		SELECT id, ?, ?, ?, ?, ?, ? FROM backup WHERE id = ?`,
		r.BackupTimestamp, r.Target, r.TargetPath, r.StartTime, r.EndTime, process, r.BackupID)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return err
	}
	tx.done.Restores[r.Restore], err = result.LastInsertId()
	return err
}
