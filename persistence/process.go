package persistence

import (
	"context"
	"database/sql"
	"errors"
	"os"

	"dbcalm-db-cmd/persistence/dbfile"
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

func insertProcess(ctx context.Context, tx *ledgerTx, p Process) (int64, error) {
	start, err := uniqueStart(ctx, tx, p.CommandID, p.StartTime)
	if err != nil {
		return 0, err
	}
	// Until a program of its own runs, the daemon is the process.
	result, err := tx.ExecContext(ctx, `INSERT INTO process
		(command_id, command, daemon_pid, status, start_time, type, args) VALUES (?,?,?,?,?,?,?)`,
		p.CommandID, p.Command, os.Getpid(), processRunning, dbfile.At(start), p.Type, string(p.Args))
	if err != nil {
		return 0, err
	}
	id, err := result.LastInsertId()
	tx.touched.process(id)
	return id, err
}

// newestProcess returns the id of an operation's newest process row, 0 for none.
func newestProcess(ctx context.Context, tx *ledgerTx, o Operation) (int64, error) {
	var id int64
	err := tx.QueryRowContext(ctx, `SELECT id FROM process WHERE command_id = ? ORDER BY id DESC LIMIT 1`, o.ID).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return id, err
}

func updateProcess(ctx context.Context, tx *ledgerTx, id int64, r ProcessResult) error {
	tx.touched.process(id)
	_, err := tx.ExecContext(ctx, `UPDATE process SET output = nullif(?, ''), error = nullif(?, ''), return_code = ? WHERE id = ?`,
		r.Output, r.Error, r.ReturnCode, id)
	return err
}

func endProcess(ctx context.Context, tx *ledgerTx, id int64, c Change) error {
	tx.touched.process(id)
	if c.Status == Succeeded {
		_, err := tx.ExecContext(ctx, `UPDATE process
			SET status = ?, error = NULL, return_code = coalesce(return_code, 0), end_time = ? WHERE id = ?`,
			processSuccess, dbfile.At(c.At), id)
		return err
	}
	_, err := tx.ExecContext(ctx, `UPDATE process SET status = ?, error = ?, end_time = ? WHERE id = ?`,
		processFailed, c.Error, dbfile.At(c.At), id)
	return err
}

// Processes returns an operation's process rows, oldest first.
func (l *ledger) Processes(ctx context.Context, operation string) ([]Process, error) {
	rows, err := l.asked.QueryContext(ctx, `SELECT id, coalesce(shared_id, 0), command_id, command, pid, status, output, error, return_code,
		start_time, end_time, type, args FROM process WHERE command_id = ? ORDER BY id`, operation)
	if err != nil {
		return nil, l.explain("list processes", err)
	}
	defer rows.Close()
	var list []Process
	for rows.Next() {
		var p Process
		var output, failure, args sql.NullString
		var start, end dbfile.Stamp
		if err := rows.Scan(&p.ID, &p.SharedID, &p.CommandID, &p.Command, &p.PID, &p.Status, &output, &failure, &p.ReturnCode,
			&start, &end, &p.Type, &args); err != nil {
			return nil, l.explain("list processes", err)
		}
		p.Output, p.Error, p.Args = output.String, failure.String, []byte(args.String)
		p.StartTime, p.EndTime = start.Time, end.Pointer()
		list = append(list, p)
	}
	return list, l.explain("list processes", rows.Err())
}
