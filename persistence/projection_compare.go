package persistence

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
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
func (p *projection) compare(ctx context.Context, f *sharedFile) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var version int64
	if err := f.watch.QueryRowContext(ctx, `PRAGMA data_version`).Scan(&version); err != nil {
		return explainAt(p.path, "read shared file", err)
	}
	if version == f.seen {
		return nil
	}
	// What the ledger says must be read before the file: what it says to be there
	// then was there.
	known, err := p.ledger.delivered(ctx)
	if err != nil {
		return err
	}
	missing, lost, err := f.lacks(ctx, known)
	if err != nil {
		return explainAt(p.path, "read shared file", err)
	}
	if lost {
		return p.lost("what was written is no longer in it")
	}
	if err := p.ledger.forgetDeleted(ctx, missing); err != nil {
		return err
	}
	f.seen = version
	return nil
}

// lookAgain makes the next look compare, whether others have written or not.
func (f *sharedFile) lookAgain() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen = 0
}

// deliveredBackup is a backup whose row is in the shared file, with the process
// row that it names.
type deliveredBackup struct {
	ID      string `json:"id"`
	Process int64  `json:"process"`
	Shared  int64  `json:"shared"`
	Command string `json:"command"`
}

// deliveredRows are what the shared file holds, by the ledger.
type deliveredRows struct {
	backups []deliveredBackup
	// newest is the newest process row; its Shared is 0 without one.
	newest sharedProcess
	// ended: nothing waits in the outbox that could still end that row.
	ended bool
}

func (l *ledger) delivered(ctx context.Context) (deliveredRows, error) {
	known := deliveredRows{backups: []deliveredBackup{}}
	tx, err := l.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return known, l.explain("read ledger", err)
	}
	defer func() { _ = tx.Rollback() }()
	known.newest, err = scanSharedProcess(tx.QueryRowContext(ctx, `SELECT `+sharedProcessColumns+` FROM process WHERE shared_id IS NOT NULL ORDER BY id DESC LIMIT 1`))
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return known, l.explain("read ledger", err)
	}
	var waiting int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM outbox`).Scan(&waiting); err != nil {
		return known, l.explain("read ledger", err)
	}
	known.ended = waiting == 0 && known.newest.Status != processRunning
	rows, err := tx.QueryContext(ctx, `SELECT b.id, coalesce(b.process_id, 0), coalesce(p.shared_id, 0), coalesce(p.command_id, '')
		FROM backup b LEFT JOIN process p ON p.id = b.process_id WHERE b.delivered = 1`)
	if err != nil {
		return known, l.explain("read ledger", err)
	}
	defer rows.Close()
	for rows.Next() {
		var b deliveredBackup
		if err := rows.Scan(&b.ID, &b.Process, &b.Shared, &b.Command); err != nil {
			return known, l.explain("read ledger", err)
		}
		known.backups = append(known.backups, b)
	}
	return known, l.explain("read ledger", rows.Err())
}

// lacks returns which backups are missing because another program has deleted
// their rows, and reports whether the file has lost what it had: an older copy
// put over it, or emptied.
//
// Two things tell one from the other. Where ids are never given twice, the file
// remembers the highest one there was, whatever is deleted. And an operation
// that has ended is never said to be running again.
func (f *sharedFile) lacks(ctx context.Context, known deliveredRows) (missing []deliveredBackup, lost bool, err error) {
	tx, err := f.watch.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, false, err
	}
	defer func() { _ = tx.Rollback() }()
	goesOn, err := f.goesOn(ctx, tx, known)
	if err != nil || !goesOn {
		return nil, err == nil, err
	}
	list, err := json.Marshal(known.backups)
	if err != nil {
		return nil, false, err
	}
	rows, err := tx.QueryContext(ctx, `SELECT j.key, p.status IS 'running', p.id IS NOT NULL FROM json_each(?) j
		LEFT JOIN process p ON p.id = j.value ->> 'shared' AND p.command_id = j.value ->> 'command'
		WHERE NOT EXISTS (SELECT 1 FROM backup b WHERE b.id = j.value ->> 'id')`, string(list))
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	for rows.Next() {
		var i int
		var running, there bool
		if err := rows.Scan(&i, &running, &there); err != nil {
			return nil, false, err
		}
		if b := known.backups[i]; running || !there && !f.counted && b.Shared != 0 {
			lost = true
		} else {
			missing = append(missing, b)
		}
	}
	return missing, lost, rows.Err()
}

// goesOn reports whether the file has what was last written to it.
func (f *sharedFile) goesOn(ctx context.Context, tx *sql.Tx, known deliveredRows) (bool, error) {
	if known.newest.Shared == 0 {
		return true, nil
	}
	var running bool
	err := tx.QueryRowContext(ctx, `SELECT status IS 'running' FROM process WHERE id = ? AND command_id = ?`, known.newest.Shared, known.newest.CommandID).Scan(&running)
	switch {
	case err == nil:
		return !running || !known.ended, nil
	case !errors.Is(err, sql.ErrNoRows):
		return false, err
	case !f.counted:
		return false, nil
	}
	var highest sql.NullInt64
	err = tx.QueryRowContext(ctx, `SELECT max(seq) FROM sqlite_sequence WHERE name = 'process'`).Scan(&highest)
	return highest.Int64 >= known.newest.Shared, err
}

// forgetDeleted takes the backups out of the ledger whose rows another program
// has deleted, and their restores. What was found out about their soundness
// stays, as the folder may be there still.
func (l *ledger) forgetDeleted(ctx context.Context, missing []deliveredBackup) error {
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
