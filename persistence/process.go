package persistence

import (
	"context"
	"database/sql"
	"errors"
)

// processRunning, processSuccess and processFailed are the only words clients
// know.
const (
	processRunning = "running"
	processSuccess = "success"
	processFailed  = "failed"
)

// ProcessResult is what became known of a program that a process row names.
// Error is set only if the row is to end as failed although the operation
// goes on, as after an interruption.
type ProcessResult struct {
	Output     string
	Error      string
	ReturnCode *int64
}

func insertProcess(ctx context.Context, tx *sql.Tx, p Process) (int64, error) {
	result, err := tx.ExecContext(ctx, `INSERT INTO process (command_id, command, status, start_time, type, args) VALUES (?,?,?,?,?,?)`,
		p.CommandID, p.Command, processRunning, stamp{p.StartTime}, p.Type, string(p.Args))
	if err != nil {
		return 0, err
	}
	return result.LastInsertId()
}

// newestProcess returns the id of an operation's newest process row, 0 when
// another program has removed them all.
func newestProcess(ctx context.Context, tx *sql.Tx, o Operation) (int64, error) {
	var id int64
	err := tx.QueryRowContext(ctx, `SELECT id FROM process WHERE command_id = ? ORDER BY id DESC LIMIT 1`, o.ID).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return id, err
}

// replaceProcess gives a backup or restore that is to be recorded the process
// row it must name, when another program has removed those there were.
func replaceProcess(ctx context.Context, tx *sql.Tx, o Operation, c Change) (int64, error) {
	row := Process{CommandID: o.ID, Command: "dbcalm-db-cmd " + o.Machine + " " + o.BackupID, StartTime: o.CreatedAt, Args: o.Args}
	switch {
	case c.Backup != nil:
		row.Type = TypeBackup
	case c.Restore != nil:
		row.Type = TypeRestore
	default:
		return 0, nil
	}
	return insertProcess(ctx, tx, row)
}

func updateProcess(ctx context.Context, tx *sql.Tx, id int64, r ProcessResult) error {
	_, err := tx.ExecContext(ctx, `UPDATE process SET output = nullif(?, ''), error = nullif(?, ''), return_code = ? WHERE id = ?`,
		r.Output, r.Error, r.ReturnCode, id)
	return err
}

func endProcess(ctx context.Context, tx *sql.Tx, id int64, c Change) error {
	if c.Status == Succeeded {
		_, err := tx.ExecContext(ctx, `UPDATE process SET status = ?, error = NULL, return_code = coalesce(return_code, 0), end_time = ? WHERE id = ?`,
			processSuccess, stamp{c.At}, id)
		return err
	}
	_, err := tx.ExecContext(ctx, `UPDATE process SET status = ?, error = ?, end_time = ? WHERE id = ?`,
		processFailed, c.Error, stamp{c.At}, id)
	return err
}

// Processes returns an operation's process rows, oldest first.
func (s *Store) Processes(ctx context.Context, operation string) ([]Process, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT id, command_id, command, pid, status, output, error, return_code,
		start_time, end_time, type, args FROM process WHERE command_id = ? ORDER BY id`, operation)
	if err != nil {
		return nil, s.explain("list processes", err)
	}
	defer rows.Close()
	var list []Process
	for rows.Next() {
		var p Process
		var output, failure, args sql.NullString
		var start, end stamp
		if err := rows.Scan(&p.ID, &p.CommandID, &p.Command, &p.PID, &p.Status, &output, &failure, &p.ReturnCode,
			&start, &end, &p.Type, &args); err != nil {
			return nil, s.explain("list processes", err)
		}
		p.Output, p.Error, p.Args = output.String, failure.String, []byte(args.String)
		p.StartTime, p.EndTime = start.Time, end.pointer()
		list = append(list, p)
	}
	return list, s.explain("list processes", rows.Err())
}
