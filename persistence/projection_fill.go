package persistence

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// fillBatch is how many process rows one transaction of a fill writes.
const fillBatch = 500

// fill writes the whole ledger into the file that lies at the path now, or into
// a new one. The caller holds the gate.
//
// It is the same file only when the ledger says so at the end: broken off, it
// begins again, and finds what it wrote.
func (p *projection) fill(ctx context.Context) error {
	if f := p.current(); f != nil && p.sameFile() != nil {
		p.take(nil)
		f.abandon(ctx)
	}
	f := p.current()
	if f == nil {
		var err error
		if f, err = openShared(ctx, p.path); err != nil {
			return err
		}
		p.take(f)
	}
	if err := f.makeTables(ctx); err != nil {
		return explainAt(p.path, "fill shared file", err)
	}
	if err := p.fillFile(ctx, f); err != nil {
		return explainAt(p.path, "fill shared file", err)
	}
	f.lookAgain()
	p.unsure = false
	return nil
}

func (p *projection) fillFile(ctx context.Context, f *sharedFile) error {
	// One look at the ledger: what is committed from now on is delivered later.
	tx, err := p.ledger.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	var upTo int64
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(number), 0) FROM outbox`).Scan(&upTo); err != nil {
		return err
	}
	done := landed{processes: map[int64]int64{}, restores: map[int64]int64{}}
	last := map[string]int64{}
	if err := f.dropUnknown(ctx, tx); err != nil {
		return err
	}
	for after, more := int64(0), true; more; {
		batch, err := readBatch(ctx, tx, after)
		if err != nil {
			return err
		}
		if err := f.fillBatch(ctx, batch, last, &done); err != nil {
			return err
		}
		if more = len(batch.Processes) == fillBatch; more {
			after = batch.Processes[fillBatch-1].Process
		}
	}
	return p.ledger.adoptFile(context.WithoutCancel(ctx), p.path, f.identity, upTo, done)
}

// dropUnknown removes from the file the records of backups and restores that the
// ledger does not have, and those of operations that were withdrawn: an older
// copy holds those that were deleted since.
func (f *sharedFile) dropUnknown(ctx context.Context, ledger *sql.Tx) error {
	var known string
	if err := ledger.QueryRowContext(ctx, `SELECT json_group_array(id) FROM backup`).Scan(&known); err != nil {
		return err
	}
	var withdrawn string
	if err := ledger.QueryRowContext(ctx, `SELECT json_group_array(w.value) FROM outbox o, json_each(o.change, '$.withdrawn') w`).Scan(&withdrawn); err != nil {
		return err
	}
	_, err := f.inSharedTx(ctx, true, func(tx *sharedTx) error {
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

// readBatch reads process rows with the backups and restores that name them, as
// they are in the ledger. Rows that name no process come with the first batch.
func readBatch(ctx context.Context, tx *sql.Tx, after int64) (sharedChange, error) {
	var batch sharedChange
	err := collect(ctx, tx, func(row scanner) error {
		p, err := scanSharedProcess(row)
		batch.Processes = append(batch.Processes, p)
		return err
	}, `SELECT `+sharedProcessColumns+` FROM process WHERE id > ? ORDER BY id LIMIT ?`, after, fillBatch)
	if err != nil {
		return batch, err
	}
	from, to := after, after
	if len(batch.Processes) > 0 {
		to = batch.Processes[len(batch.Processes)-1].Process
	}
	if after == 0 {
		from = -1
	}
	err = collect(ctx, tx, func(row scanner) error {
		b, err := scanSharedBackup(row)
		batch.Backups = append(batch.Backups, b)
		return err
	}, `SELECT `+sharedBackupColumns+` FROM backup WHERE coalesce(process_id, 0) > ? AND coalesce(process_id, 0) <= ? ORDER BY start_time, id`, from, to)
	if err != nil {
		return batch, err
	}
	err = collect(ctx, tx, func(row scanner) error {
		r, err := scanSharedRestore(row)
		batch.Restores = append(batch.Restores, r)
		return err
	}, `SELECT `+sharedRestoreColumns+` FROM restore WHERE coalesce(process_id, 0) > ? AND coalesce(process_id, 0) <= ? ORDER BY id`, from, to)
	return batch, err
}

func collect(ctx context.Context, tx *sql.Tx, scan func(scanner) error, query string, args ...any) error {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// fillBatch writes a batch in one transaction.
func (f *sharedFile) fillBatch(ctx context.Context, batch sharedChange, last map[string]int64, done *landed) error {
	part, err := f.inSharedTx(ctx, true, func(tx *sharedTx) error {
		tx.last = last
		for _, p := range batch.Processes {
			if err := tx.putProcess(ctx, p); err != nil {
				return err
			}
		}
		return tx.applyRecords(ctx, batch, func(process int64) (int64, error) { return done.processes[process], nil })
	})
	if err != nil {
		return err
	}
	for id, shared := range part.processes {
		done.processes[id] = shared
	}
	for id, shared := range part.restores {
		done.restores[id] = shared
	}
	done.backups = append(done.backups, part.backups...)
	return nil
}

// knownFile is the shared file that the ledger was last delivered to.
type knownFile struct {
	path     string
	identity fileIdentity
}

// knownFile returns that file; the zero value when there was none yet.
func (l *ledger) knownFile(ctx context.Context) (knownFile, error) {
	var k knownFile
	var device, inode int64
	err := l.read.QueryRowContext(ctx, `SELECT path, device, inode, birth FROM shared_file`).Scan(&k.path, &device, &inode, &k.identity.birth)
	if errors.Is(err, sql.ErrNoRows) {
		return k, nil
	}
	k.identity.device, k.identity.inode = uint64(device), uint64(inode)
	return k, l.explain("read ledger", err)
}

// adoptFile notes that a file holds everything up to a number of the outbox.
func (l *ledger) adoptFile(ctx context.Context, path string, identity fileIdentity, upTo int64, done landed) error {
	_, err := l.commit(ctx, "adopt shared file", func(tx *ledgerTx) error {
		if err := noteShared(ctx, tx, done); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM outbox WHERE number <= ?`, upTo); err != nil {
			return err
		}
		return noteFile(ctx, tx.Tx, path, identity)
	})
	return err
}

func noteFile(ctx context.Context, tx *sql.Tx, path string, identity fileIdentity) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM shared_file`); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO shared_file (path, device, inode, birth) VALUES (?,?,?,?)`,
		path, int64(identity.device), int64(identity.inode), identity.birth)
	if err != nil {
		return fmt.Errorf("note shared file: %w", err)
	}
	return nil
}
