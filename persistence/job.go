package persistence

import (
	"context"
	"database/sql"
	"errors"

	"dbcalm-db-cmd/persistence/dbfile"
)

// BeginJob commits the intent to run programs: the job's row and, with the
// end of the row before it, the process row with their command line. It
// returns the job with its ids. ErrStale means that the operation has left
// the state the job is for, ErrCancelRequested that it is to be cancelled.
func (s *Store) BeginJob(ctx context.Context, o Operation, job Job, row Process) (Job, error) {
	err := s.inTx(ctx, "record job", func(tx *ledgerTx) error {
		var err error
		job, err = beginJob(ctx, tx, o, job, row)
		return err
	})
	return job, err
}

func beginJob(ctx context.Context, tx *ledgerTx, o Operation, job Job, row Process) (Job, error) {
	now, err := scanOperation(tx.QueryRowContext(ctx, `SELECT `+operationColumns+` FROM operation WHERE id = ?`, o.ID))
	if err != nil {
		return job, err
	}
	if now.Seq != o.Seq {
		return job, ErrStale
	}
	if now.CancelAt != nil {
		return job, ErrCancelRequested
	}
	before, err := newestProcess(ctx, tx, o)
	if err != nil {
		return job, err
	}
	tx.touched.process(before)
	if _, err := tx.ExecContext(ctx, `UPDATE process SET status = CASE WHEN error IS NULL THEN ? ELSE ? END,
		return_code = CASE WHEN error IS NULL THEN coalesce(return_code, 0) ELSE return_code END, end_time = ? WHERE id = ?`,
		processSuccess, processFailed, dbfile.At(row.StartTime), before); err != nil {
		return job, err
	}
	if job.ProcessID, err = insertProcess(ctx, tx, row); err != nil {
		return job, err
	}
	result, err := tx.ExecContext(ctx, `INSERT INTO operation_job
		(operation_id, state, attempt, folder, process_id, pid, start_ticks, boot_id, created_at)
		VALUES (?,?,?,?,?,0,0,'',?)`, o.ID, job.State, job.Attempt, job.Folder, job.ProcessID, dbfile.At(row.StartTime))
	if err != nil {
		return job, err
	}
	job.ID, err = result.LastInsertId()
	return job, err
}

// IdentifyJob records the supervisor of a job, before it is let go.
func (s *Store) IdentifyJob(ctx context.Context, job Job) error {
	return s.inTx(ctx, "record job", func(tx *ledgerTx) error {
		// #nosec G115 -- written as what it is read as
		_, err := tx.ExecContext(ctx, `UPDATE operation_job SET pid = ?, start_ticks = ?, boot_id = ? WHERE id = ?`,
			job.PID, int64(job.StartTicks), job.BootID, job.ID)
		return err
	})
}

// SetProcessPID records the pid of the program that a process row names, unless
// it is known.
func (s *Store) SetProcessPID(ctx context.Context, process int64, pid int) error {
	return s.inTx(ctx, "record pid", func(tx *ledgerTx) error {
		result, err := tx.ExecContext(ctx, `UPDATE process SET pid = ? WHERE id = ? AND pid IS NULL`, pid, process)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return err
		}
		tx.touched.process(process)
		return nil
	})
}

// Jobs returns an operation's jobs, in the order in which they were begun.
func (s *Store) Jobs(ctx context.Context, operation string) ([]Job, error) {
	rows, err := s.asked.QueryContext(ctx, `SELECT `+jobColumns+` FROM operation_job WHERE operation_id = ? ORDER BY id`, operation)
	if err != nil {
		return nil, s.explain("read jobs", err)
	}
	defer rows.Close()
	var jobs []Job
	for rows.Next() {
		j, err := scanJob(rows)
		if err != nil {
			return nil, s.explain("read jobs", err)
		}
		jobs = append(jobs, j)
	}
	return jobs, s.explain("read jobs", rows.Err())
}

const jobColumns = `id, operation_id, state, attempt, folder, process_id, pid, start_ticks, boot_id, created_at, ended_at`

func scanJob(row interface{ Scan(...any) error }) (Job, error) {
	var j Job
	var ticks int64
	var created, ended dbfile.Stamp
	err := row.Scan(&j.ID, &j.OperationID, &j.State, &j.Attempt, &j.Folder, &j.ProcessID, &j.PID, &ticks, &j.BootID, &created, &ended)
	// #nosec G115 -- written as what it is read as
	j.StartTicks, j.CreatedAt, j.EndedAt = uint64(ticks), created.Time, ended.Pointer()
	return j, err
}

// OpenJob returns the job of an operation that has not ended, or ErrNotFound.
func (s *Store) OpenJob(ctx context.Context, operation string) (Job, error) {
	j, err := scanJob(s.asked.QueryRowContext(ctx, `SELECT `+jobColumns+` FROM operation_job
		WHERE operation_id = ? AND ended_at IS NULL ORDER BY id DESC LIMIT 1`, operation))
	if errors.Is(err, sql.ErrNoRows) {
		return j, ErrNotFound
	}
	return j, s.explain("read job", err)
}
