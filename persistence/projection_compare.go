package persistence

import (
	"context"
	"database/sql"
	"errors"

	"dbcalm-db-cmd/persistence/dbfile"
	"dbcalm-db-cmd/persistence/shared"
)

// learn takes notice of what others have deleted from the shared file. While the
// file cannot be read, what is known goes on to be true.
func (p *projection) learn(ctx context.Context) {
	f := p.current()
	if f == nil || p.sameFile() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, sharedTimeout)
	defer cancel()
	_ = p.compare(ctx, f)
}

// compare looks whether the file has changed, and what of ours is missing in it.
// A missing backup was deleted by another program, and the ledger learns that;
// unless the file has lost what it had, which is errLost.
//
// Nothing that the file holds is brought over: what is asked is which of our own
// ids it lacks.
func (p *projection) compare(ctx context.Context, f *shared.File) error {
	return f.IfChanged(ctx, func() error {
		// What the ledger says must be read before the file: what it says to be
		// there then was there.
		known, err := p.ledger.delivered(ctx)
		if err != nil {
			return err
		}
		missing, lost, err := f.Lacks(ctx, known)
		if err != nil {
			return dbfile.Explain(p.path, "read shared file", err)
		}
		if lost {
			return p.lost("what was written is no longer in it")
		}
		return p.ledger.forgetDeleted(ctx, missing)
	})
}

func (l *ledger) delivered(ctx context.Context) (shared.DeliveredRows, error) {
	known := shared.DeliveredRows{Backups: []shared.DeliveredBackup{}}
	tx, err := l.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return known, l.explain("read ledger", err)
	}
	defer func() { _ = tx.Rollback() }()
	known.Newest, err = scanSharedProcess(tx.QueryRowContext(ctx, `SELECT `+sharedProcessColumns+` FROM process
		WHERE shared_id IS NOT NULL ORDER BY id DESC LIMIT 1`))
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return known, l.explain("read ledger", err)
	}
	var waiting int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM outbox`).Scan(&waiting); err != nil {
		return known, l.explain("read ledger", err)
	}
	known.Ended = waiting == 0 && known.Newest.Status != processRunning
	rows, err := tx.QueryContext(ctx, `SELECT b.id, coalesce(b.process_id, 0), coalesce(p.shared_id, 0), coalesce(p.command_id, '')
		FROM backup b LEFT JOIN process p ON p.id = b.process_id WHERE b.delivered = 1`)
	if err != nil {
		return known, l.explain("read ledger", err)
	}
	defer rows.Close()
	for rows.Next() {
		var b shared.DeliveredBackup
		if err := rows.Scan(&b.ID, &b.Process, &b.Shared, &b.Command); err != nil {
			return known, l.explain("read ledger", err)
		}
		known.Backups = append(known.Backups, b)
	}
	return known, l.explain("read ledger", rows.Err())
}

// forgetDeleted takes the backups out of the ledger whose rows another program
// has deleted, and their restores. What was found out about their soundness
// stays, as the folder may be there still.
func (l *ledger) forgetDeleted(ctx context.Context, missing []shared.DeliveredBackup) error {
	if len(missing) == 0 {
		return nil
	}
	_, err := l.commit(ctx, "record deletion", func(tx *ledgerTx) error {
		for _, b := range missing {
			// Another one of that id may have been made since.
			result, err := tx.ExecContext(ctx, `DELETE FROM backup WHERE id = ? AND coalesce(process_id, 0) = ? AND delivered = 1`, b.ID, b.Process)
			if err != nil {
				return err
			}
			if n, err := result.RowsAffected(); err != nil || n == 0 {
				return err
			}
			if _, err := tx.ExecContext(ctx, `DELETE FROM restore WHERE backup_id = ?`, b.ID); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}
