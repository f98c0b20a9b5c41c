package persistence

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"dbcalm-db-cmd/persistence/dbfile"
)

// ErrParentGone: the row of a backup that an incremental stands on, directly
// or by others, is no longer there.
var ErrParentGone = errors.New("the base backup's row is gone")

func insertBackup(ctx context.Context, tx *ledgerTx, b Backup, process int64) error {
	if err := checkAncestors(ctx, tx, b.FromBackupID); err != nil {
		return err
	}
	var n int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM backup WHERE id = ?`, b.ID).Scan(&n); err != nil {
		return err
	}
	if n > 0 {
		return ErrExists
	}
	tx.touched.backups = append(tx.touched.backups, b.ID)
	_, err := tx.ExecContext(ctx, `INSERT INTO backup
		(id, from_backup_id, schedule_id, start_time, end_time, process_id, size, manifest_sha256, store)
		VALUES (?, nullif(?, ''), ?, ?, ?, ?, ?, ?, ?)`,
		b.ID, b.FromBackupID, b.ScheduleID, dbfile.At(b.StartTime), dbfile.StampOf(b.EndTime), process, b.Size, b.ManifestSHA256, b.Store)
	return err
}

// insertMade remembers that a backup was made here. Its row stays when the
// backup's goes: a folder that is brought back can be told from a stranger's.
func insertMade(ctx context.Context, tx *ledgerTx, b Backup, at time.Time) error {
	if b.ManifestSHA256 == "" {
		return nil
	}
	_, err := tx.ExecContext(ctx, `INSERT OR IGNORE INTO backup_made (manifest_sha256, backup_id, at) VALUES (?, ?, ?)`,
		b.ManifestSHA256, b.ID, dbfile.At(at))
	return err
}

// MadeHere returns the SHA-256 of every manifest that operations of this ledger
// have written and recorded, whether their backups are still recorded or not.
func (s *Store) MadeHere(ctx context.Context) (map[string]bool, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT manifest_sha256 FROM backup_made`)
	if err != nil {
		return nil, s.explain("list manifests", err)
	}
	defer rows.Close()
	made := map[string]bool{}
	for rows.Next() {
		var sum string
		if err := rows.Scan(&sum); err != nil {
			return nil, s.explain("list manifests", err)
		}
		made[sum] = true
	}
	return made, s.explain("list manifests", rows.Err())
}

// checkAncestors looks for the rows of the whole chain. A program that does
// not enforce foreign keys can delete one from the middle.
func checkAncestors(ctx context.Context, tx *ledgerTx, id string) error {
	for seen := map[string]bool{}; id != "" && !seen[id]; {
		seen[id] = true
		var from sql.NullString
		err := tx.QueryRowContext(ctx, `SELECT from_backup_id FROM backup WHERE id = ?`, id).Scan(&from)
		if errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("%w: '%s'", ErrParentGone, id)
		}
		if err != nil {
			return err
		}
		id = from.String
	}
	return nil
}

// deleteBackup removes a backup's row and what refers to it.
func deleteBackup(ctx context.Context, tx *ledgerTx, id string) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM restore WHERE backup_id = ?`, id); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM operation_verification WHERE backup_id = ?`, id); err != nil {
		return err
	}
	tx.touched.deleted = append(tx.touched.deleted, id)
	_, err := tx.ExecContext(ctx, `DELETE FROM backup WHERE id = ?`, id)
	return err
}

// insertRestore records a restore, unless another program has deleted the
// backup meanwhile: its row would refer to none.
func insertRestore(ctx context.Context, tx *ledgerTx, r Restore, process int64) error {
	result, err := tx.ExecContext(ctx, `INSERT INTO restore
		(backup_id, backup_timestamp, target, target_path, start_time, end_time, process_id)
		SELECT id, ?, ?, ?, ?, ?, ? FROM backup WHERE id = ?`,
		dbfile.At(r.BackupTimestamp), r.Target, r.TargetPath, dbfile.At(r.StartTime), dbfile.At(r.EndTime), process, r.BackupID)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return err
	}
	id, err := result.LastInsertId()
	tx.touched.restores = append(tx.touched.restores, id)
	return err
}

// Backup returns one recorded backup, or ErrNotFound. A record that another
// program has deleted from the shared file is none; so in all that follow.
func (s *Store) Backup(ctx context.Context, id string) (Backup, error) {
	s.shared.learn(ctx)
	list, err := s.backups(ctx, `WHERE id = ?`, id)
	if err != nil {
		return Backup{}, err
	}
	if len(list) == 0 {
		return Backup{}, ErrNotFound
	}
	return list[0], nil
}

// Backups returns every recorded backup, the one made first first.
func (s *Store) Backups(ctx context.Context) ([]Backup, error) {
	s.shared.learn(ctx)
	list, err := s.backups(ctx, ``)
	SortMade(list, func(b Backup) Made { return Made{b.Number, b.StartTime, b.ID} })
	return list, err
}

// BackupIDs returns the ids of all recorded backups.
func (s *Store) BackupIDs(ctx context.Context) ([]string, error) {
	s.shared.learn(ctx)
	ids, err := column(ctx, s.read, `SELECT id FROM backup`)
	return ids, s.explain("list backups", err)
}

// Children returns the backups that stand directly on the given one.
func (s *Store) Children(ctx context.Context, id string) ([]Backup, error) {
	s.shared.learn(ctx)
	return s.backups(ctx, `WHERE from_backup_id = ? ORDER BY start_time, id`, id)
}

func (l *ledger) backups(ctx context.Context, where string, args ...any) ([]Backup, error) {
	return l.backupsOf(ctx, `manifest_sha256, store, coalesce((SELECT o.number FROM process p JOIN operation o ON o.id = p.command_id
		WHERE p.id = backup.process_id AND o.backup_id = backup.id), 0)`, where, args...)
}

// backupsOf is backups with what tells the manifest's SHA-256, the store and the
// operation's number: ledgers of earlier programs have no such columns.
func (l *ledger) backupsOf(ctx context.Context, latest, where string, args ...any) ([]Backup, error) {
	// #nosec G202 -- only the program's own words are joined; values are arguments
	rows, err := l.asked.QueryContext(ctx, `SELECT id, from_backup_id, schedule_id, start_time, end_time, process_id, size, `+latest+`
		FROM backup `+where, args...)
	if err != nil {
		return nil, l.explain("list backups", err)
	}
	defer rows.Close()
	var list []Backup
	for rows.Next() {
		var b Backup
		var from sql.NullString
		var process sql.NullInt64
		var start, end dbfile.Stamp
		if err := rows.Scan(&b.ID, &from, &b.ScheduleID, &start, &end, &process, &b.Size, &b.ManifestSHA256, &b.Store, &b.Number); err != nil {
			return nil, l.explain("list backups", err)
		}
		b.FromBackupID, b.ProcessID = from.String, process.Int64
		b.StartTime, b.EndTime = start.Time, end.Pointer()
		list = append(list, b)
	}
	return list, l.explain("list backups", rows.Err())
}
