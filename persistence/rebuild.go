package persistence

import (
	"context"
	"database/sql"
	"errors"

	"dbcalm-db-cmd/persistence/dbfile"
)

// Rebuild is what a comparison of the backup table with the store changes.
type Rebuild struct {
	// Found are recorded, each with the process row that it must name. A backup
	// comes after the one it stands on.
	Found []FoundBackup
	// Gone lose their rows. A backup comes before the one it stands on.
	Gone []Backup
}

// FoundBackup is a backup without a record, and the program run that stands in
// for the lost one.
type FoundBackup struct {
	Backup  Backup
	Process Process
}

// Rebuild makes the changes, in one transaction, and returns the ids of those
// backups whose rows it made and removed. It leaves out what an open operation
// uses, what is recorded by now, and what would be cut off from its base.
func (s *Store) Rebuild(ctx context.Context, r Rebuild) (made, removed []string, err error) {
	s.shared.learn(ctx)
	if err := s.shared.ready(ctx); err != nil {
		return nil, nil, err
	}
	err = s.inTx(ctx, "rebuild backup table", func(tx *ledgerTx) error {
		made, removed = nil, nil
		for _, f := range r.Found {
			err := insertFound(ctx, tx, f)
			if errors.Is(err, ErrExists) || errors.Is(err, ErrParentGone) {
				continue
			}
			if err != nil {
				return err
			}
			made = append(made, f.Backup.ID)
		}
		for _, b := range r.Gone {
			done, err := deleteGone(ctx, tx, b)
			if err != nil {
				return err
			}
			if done {
				removed = append(removed, b.ID)
			}
		}
		return nil
	})
	return made, removed, err
}

func insertFound(ctx context.Context, tx *ledgerTx, f FoundBackup) error {
	used, err := inUse(ctx, tx, f.Backup.ID)
	if err != nil {
		return err
	}
	if used {
		return ErrExists
	}
	var n int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM backup WHERE id = ?`, f.Backup.ID).Scan(&n); err != nil {
		return err
	}
	if n > 0 {
		return ErrExists
	}
	if err := checkAncestors(ctx, tx, f.Backup.FromBackupID); err != nil {
		return err
	}
	process, err := insertProcess(ctx, tx, f.Process)
	if err != nil {
		return err
	}
	end := f.Process.StartTime
	if f.Process.EndTime != nil {
		end = *f.Process.EndTime
	}
	if err := updateProcess(ctx, tx, process, ProcessResult{Output: f.Process.Output}); err != nil {
		return err
	}
	if err := endProcess(ctx, tx, process, Change{Status: Succeeded, At: end}); err != nil {
		return err
	}
	return insertBackup(ctx, tx, f.Backup, process)
}

// deleteGone removes the row of a backup, if it is still that of this backup
// and nothing needs it.
func deleteGone(ctx context.Context, tx *ledgerTx, b Backup) (bool, error) {
	used, err := inUse(ctx, tx, b.ID)
	if err != nil || used {
		return false, err
	}
	var start dbfile.Stamp
	err = tx.QueryRowContext(ctx, `SELECT start_time FROM backup WHERE id = ?`, b.ID).Scan(&start)
	if errors.Is(err, sql.ErrNoRows) || err == nil && !start.Equal(b.StartTime) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var children int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM backup WHERE from_backup_id = ?`, b.ID).Scan(&children); err != nil {
		return false, err
	}
	if children > 0 {
		return false, nil
	}
	return true, deleteBackup(ctx, tx, b.ID)
}

// inUse reports whether an open operation makes, reads or deletes a backup.
func inUse(ctx context.Context, tx *ledgerTx, id string) (bool, error) {
	var n int
	err := tx.QueryRowContext(ctx, `SELECT count(*) FROM operation_claim c JOIN operation o ON o.id = c.operation_id
		WHERE c.backup_id = ? AND o.status IN ('waiting', 'running')`, id).Scan(&n)
	return n > 0, err
}

// OpenClaims returns the uses that open operations make of backups.
func (l *ledger) OpenClaims(ctx context.Context) ([]Claim, error) {
	rows, err := l.read.QueryContext(ctx, `SELECT c.operation_id, c.backup_id, c.use FROM operation_claim c
		JOIN operation o ON o.id = c.operation_id WHERE o.status IN ('waiting', 'running') ORDER BY o.number, c.backup_id`)
	if err != nil {
		return nil, l.explain("list claims", err)
	}
	defer rows.Close()
	var claims []Claim
	for rows.Next() {
		var c Claim
		if err := rows.Scan(&c.OperationID, &c.BackupID, &c.Use); err != nil {
			return nil, l.explain("list claims", err)
		}
		claims = append(claims, c)
	}
	return claims, l.explain("list claims", rows.Err())
}
