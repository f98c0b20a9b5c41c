package persistence

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"dbcalm-db-cmd/persistence/dbfile"
	"dbcalm-db-cmd/persistence/shared"
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
		f.Abandon(ctx)
	}
	f := p.current()
	if f == nil {
		var err error
		if f, err = shared.Open(ctx, p.path, p.examineAfter); err != nil {
			return err
		}
		p.take(f)
	}
	if err := f.MakeTables(ctx); err != nil {
		return dbfile.Explain(p.path, "fill shared file", err)
	}
	if err := p.fillFile(ctx, f); err != nil {
		return dbfile.Explain(p.path, "fill shared file", err)
	}
	f.LookAgain()
	p.unsure = false
	return nil
}

func (p *projection) fillFile(ctx context.Context, f *shared.File) error {
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
	done := shared.Landed{Processes: map[int64]int64{}, Restores: map[int64]int64{}}
	last := map[string]int64{}
	if err := f.DropUnknown(ctx, tx); err != nil {
		return err
	}
	for after, more := int64(0), true; more; {
		batch, err := readBatch(ctx, tx, after)
		if err != nil {
			return err
		}
		if err := f.FillBatch(ctx, batch, last, &done); err != nil {
			return err
		}
		if more = len(batch.Processes) == fillBatch; more {
			after = batch.Processes[fillBatch-1].Process
		}
	}
	return p.ledger.adoptFile(context.WithoutCancel(ctx), p.path, f.Identity, upTo, done)
}

// readBatch reads process rows with the backups and restores that name them, as
// they are in the ledger. Rows that name no process come with the first batch.
func readBatch(ctx context.Context, tx *sql.Tx, after int64) (shared.Change, error) {
	var batch shared.Change
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
	}, `SELECT `+sharedBackupColumns+` FROM backup
		WHERE coalesce(process_id, 0) > ? AND coalesce(process_id, 0) <= ? ORDER BY start_time, id`, from, to)
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

func collect(ctx context.Context, tx dbfile.Transaction, scan func(scanner) error, query string, args ...any) error {
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

// knownFile is the shared file that the ledger was last delivered to.
type knownFile struct {
	path     string
	identity shared.Identity
}

// knownFile returns that file; the zero value when there was none yet.
func (l *ledger) knownFile(ctx context.Context) (knownFile, error) {
	var k knownFile
	var device, inode int64
	err := l.read.QueryRowContext(ctx, `SELECT path, device, inode, birth FROM shared_file`).Scan(&k.path, &device, &inode, &k.identity.Birth)
	if errors.Is(err, sql.ErrNoRows) {
		return k, nil
	}
	// #nosec G115 -- written as what it is read as; SQLite has signed numbers only
	k.identity.Device, k.identity.Inode = uint64(device), uint64(inode)
	return k, l.explain("read ledger", err)
}

// adoptFile notes that a file holds everything up to a number of the outbox.
func (l *ledger) adoptFile(ctx context.Context, path string, identity shared.Identity, upTo int64, done shared.Landed) error {
	_, err := l.commit(ctx, "adopt shared file", func(tx *ledgerTx) error {
		if err := noteShared(ctx, tx, done); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM outbox WHERE number <= ?`, upTo); err != nil {
			return err
		}
		return noteFile(ctx, tx, path, identity)
	})
	return err
}

func noteFile(ctx context.Context, tx dbfile.Transaction, path string, identity shared.Identity) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM shared_file`); err != nil {
		return err
	}
	// #nosec G115 -- written as what it is read as; SQLite has signed numbers only
	_, err := tx.ExecContext(ctx, `INSERT INTO shared_file (path, device, inode, birth) VALUES (?,?,?,?)`,
		path, int64(identity.Device), int64(identity.Inode), identity.Birth)
	if err != nil {
		return fmt.Errorf("note shared file: %w", err)
	}
	return nil
}
