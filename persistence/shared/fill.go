package shared

import (
	"context"
	"database/sql"
)

// DropUnknown removes from the file the records of backups and restores that the
// ledger does not have, and those of operations that were withdrawn: an older
// copy holds those that were deleted since.
func (f *File) DropUnknown(ctx context.Context, ledger *sql.Tx) error {
	var known string
	if err := ledger.QueryRowContext(ctx, `SELECT json_group_array(id) FROM backup`).Scan(&known); err != nil {
		return err
	}
	var withdrawn string
	listed := ledger.QueryRowContext(ctx, `SELECT json_group_array(w.value) FROM outbox o, json_each(o.change, '$.withdrawn') w`)
	if err := listed.Scan(&withdrawn); err != nil {
		return err
	}
	_, err := f.InTx(ctx, true, func(tx *Tx) error {
		for _, delete := range []struct{ statement, ids string }{
			{`DELETE FROM restore WHERE backup_id NOT IN (SELECT value FROM json_each(?))`, known},
			{`DELETE FROM backup WHERE id NOT IN (SELECT value FROM json_each(?))`, known},
			{`DELETE FROM process WHERE command_id IN (SELECT value FROM json_each(?))`, withdrawn},
		} {
			if _, err := tx.ExecContext(ctx, delete.statement, delete.ids); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}

// FillBatch writes a batch in one transaction.
func (f *File) FillBatch(ctx context.Context, batch Change, last map[string]int64, done *Landed) error {
	part, err := f.InTx(ctx, true, func(tx *Tx) error {
		tx.last = last
		for _, p := range batch.Processes {
			if err := tx.putProcess(ctx, p); err != nil {
				return err
			}
		}
		return tx.applyRecords(ctx, batch, func(process int64) (int64, error) { return done.Processes[process], nil })
	})
	if err != nil {
		return err
	}
	for id, shared := range part.Processes {
		done.Processes[id] = shared
	}
	for id, shared := range part.Restores {
		done.Restores[id] = shared
	}
	done.Backups = append(done.Backups, part.Backups...)
	return nil
}
