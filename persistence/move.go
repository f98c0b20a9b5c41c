package persistence

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"dbcalm-db-cmd/persistence/dbfile"
	"dbcalm-db-cmd/persistence/shared"
)

// movedTables are those of our own that lay in the shared file, the version last:
// it tells that the others are whole.
var movedTables = []string{
	"operation_end", "operation_verification", "operation_request", "operation_job", "operation_claim", "operation_transition",
	"operation", "operation_schema",
}

// move makes the ledger where there is none, from what the shared file holds,
// and reports whether it had to. An installation from before the ledger kept its
// own tables in that file: they are moved, open operations and all.
//
//	copy into ledger.new, one transaction ─▶ fsync ─▶ rename ─▶ drop the old tables
//
// Broken off before the rename, nothing has happened; after it, the old tables
// are never read again, and the next start drops them.
func move(ctx context.Context, o Options) (bool, error) {
	path := LedgerPath(o.StateDir)
	reached := o.Reached
	if reached == nil {
		reached = func(string) {}
	}
	_, err := os.Lstat(path)
	fresh := errors.Is(err, fs.ErrNotExist)
	if err != nil && !fresh {
		return false, fmt.Errorf("look for the ledger: %w", err)
	}
	if fresh {
		if err := os.MkdirAll(o.StateDir, 0o700); err != nil {
			return true, fmt.Errorf("create folder of the ledger: %w", err)
		}
		if err := copyLedger(ctx, o, path+".new", reached); err != nil {
			return true, err
		}
		if err := os.Rename(path+".new", path); err != nil {
			return true, fmt.Errorf("put the ledger in place: %w", err)
		}
		reached("ledger-renamed")
		if err := syncFolder(o.StateDir); err != nil {
			return true, fmt.Errorf("put the ledger in place: %w", err)
		}
		reached("ledger-moved")
	}
	err = dropMoved(ctx, o.Shared)
	if err != nil && !fresh {
		// The daemon has work to go on with; the tables go at the next start.
		err = nil
	}
	reached("old-tables-dropped")
	return fresh, err
}

// copyLedger makes a ledger at path, a file of which nobody knows yet.
func copyLedger(ctx context.Context, o Options, path string, reached func(string)) error {
	for _, suffix := range []string{"", "-journal", "-wal", "-shm"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove half a ledger: %w", err)
		}
	}
	// #nosec G304 -- below state_dir, where nobody else can enter
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, ledgerMode)
	if err != nil {
		return fmt.Errorf("create ledger: %w", err)
	}
	defer file.Close()
	reached("ledger-begun")
	version, there, err := movable(ctx, o.Shared)
	if err != nil {
		return err
	}
	if err := buildLedger(ctx, o, path, version, there, reached); err != nil {
		return dbfile.Explain(o.Shared, "move to the ledger", err)
	}
	reached("ledger-copied")
	if err := file.Sync(); err != nil {
		return fmt.Errorf("write ledger: %w", err)
	}
	reached("ledger-synced")
	return nil
}

// movable looks what there is to move: the version of our own tables in the
// shared file, 0 for none, and whether it holds the contract's tables.
func movable(ctx context.Context, path string) (version int, there bool, err error) {
	if _, err := shared.Identify(path); errors.Is(err, fs.ErrNotExist) {
		return 0, false, nil
	} else if err != nil {
		return 0, false, dbfile.Explain(path, "open shared file", err)
	}
	f, err := shared.Open(ctx, path, 0)
	if err != nil {
		return 0, false, err
	}
	defer f.Close()
	var tables int
	asked := f.Watch.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'operation_schema'`)
	if err := asked.Scan(&tables); err != nil {
		return 0, false, dbfile.Explain(path, "open shared file", err)
	}
	if tables == 0 {
		return 0, true, nil
	}
	if err := f.Watch.QueryRowContext(ctx, `SELECT coalesce(max(version), 0) FROM operation_schema`).Scan(&version); err != nil {
		return 0, false, dbfile.Explain(path, "open shared file", err)
	}
	if version > movedVersion {
		err := fmt.Errorf("%w: schema version %d, this program knows %d", ErrNewer, version, movedVersion)
		return 0, false, dbfile.Explain(path, "open shared file", err)
	}
	return version, true, nil
}

// buildLedger brings an empty ledger to the version of the old tables, copies
// them, and brings it on to ours.
func buildLedger(ctx context.Context, o Options, path string, version int, there bool, reached func(string)) error {
	db, err := sql.Open("sqlite", dbfile.URL(path, map[string][]string{
		"_pragma": {"auto_vacuum(INCREMENTAL)", "journal_mode(DELETE)", "synchronous(FULL)"}}))
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if err := migrateTo(ctx, db, version); err != nil {
		return err
	}
	if there {
		if _, err := db.ExecContext(ctx, `ATTACH DATABASE ? AS shared`, dbfile.URL(o.Shared, map[string][]string{"mode": {"rw"}})); err != nil {
			return err
		}
		// What is copied belongs together: nobody writes the file meanwhile.
		begin := fmt.Sprintf(`PRAGMA busy_timeout = %d; BEGIN IMMEDIATE`, dbfile.BusyTimeout.Milliseconds())
		if _, err := db.ExecContext(ctx, begin); err != nil {
			return err
		}
		if err := copyOwn(ctx, db, o.JobDirs); err != nil {
			return err
		}
		if _, err := db.ExecContext(ctx, `COMMIT`); err != nil {
			return err
		}
	}
	reached("own-tables-copied")
	if err := migrate(ctx, db); err != nil {
		return err
	}
	if !there {
		return nil
	}
	if err := copyShared(ctx, db, o.Shared); err != nil {
		return err
	}
	reached("shared-tables-copied")
	_, err = db.ExecContext(ctx, `DETACH DATABASE shared`)
	return err
}

// copyOwn copies the tables of our own, each into one made by the same
// statement. Of an open job whose folder lies where none does, nothing is
// believed: it counts as not begun.
func copyOwn(ctx context.Context, db *sql.DB, jobDirs []string) error {
	tables, err := column(ctx, db, `SELECT name FROM main.sqlite_master
		WHERE type = 'table' AND name LIKE 'operation%' AND name <> 'operation_schema'`)
	if err != nil {
		return err
	}
	for _, table := range tables {
		_, err = db.ExecContext(ctx, fmt.Sprintf(`DELETE FROM main.%[1]s;
			INSERT INTO main.%[1]s SELECT * FROM shared.%[1]s`, table))
		if err != nil {
			return fmt.Errorf("copy table %s: %w", table, err)
		}
	}
	if !slices.Contains(tables, "operation_job") {
		return nil
	}
	folders, err := column(ctx, db, `SELECT folder FROM main.operation_job WHERE ended_at IS NULL`)
	if err != nil {
		return err
	}
	for _, folder := range folders {
		if slices.Contains(jobDirs, filepath.Dir(folder)) && filepath.Clean(folder) == folder {
			continue
		}
		if _, err := db.ExecContext(ctx, `UPDATE main.operation_job SET folder = '', pid = 0 WHERE folder = ?`, folder); err != nil {
			return err
		}
	}
	return nil
}

// copyShared copies the records of backups and restores, and the process rows
// that they or operations name; those keep their ids, which jobs name. Whatever
// else is in the process table is another program's.
func copyShared(ctx context.Context, db *sql.DB, path string) error {
	var hasSize bool
	sized := db.QueryRowContext(ctx, `SELECT count(*) > 0 FROM pragma_table_info('backup', 'shared') WHERE name = 'size'`)
	if err := sized.Scan(&hasSize); err != nil {
		return err
	}
	size := "NULL"
	if hasSize {
		size = "size"
	}
	identity, err := shared.Identify(path)
	if err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	for _, statement := range []string{
		`INSERT INTO main.process (id, shared_id, command_id, command, pid, status, output, error, return_code, start_time, end_time, type, args)
			SELECT id, id, command_id, command, pid, status, output, error, return_code, start_time, end_time, type, args FROM shared.process
			WHERE command_id IN (SELECT id FROM main.operation)
			OR id IN (SELECT process_id FROM shared.backup) OR id IN (SELECT process_id FROM shared.restore)`,
		`INSERT INTO main.backup (id, from_backup_id, schedule_id, start_time, end_time, process_id, size, delivered)
			SELECT id, from_backup_id, schedule_id, start_time, end_time, process_id, ` + size + `, 1 FROM shared.backup WHERE id IS NOT NULL`,
		`INSERT INTO main.restore (id, shared_id, backup_id, backup_timestamp, target, target_path, start_time, end_time, process_id)
			SELECT id, id, backup_id, backup_timestamp, target, target_path, start_time, end_time, process_id FROM shared.restore`,
	} {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	if err := forgetUnreadableTimes(ctx, tx); err != nil {
		return err
	}
	if err := noteFile(ctx, tx, path, identity); err != nil {
		return err
	}
	return tx.Commit()
}

// forgetUnreadableTimes empties times of backups that are in no known format:
// others wrote them, and one of them must not make the whole list unreadable.
func forgetUnreadableTimes(ctx context.Context, tx *sql.Tx) error {
	for _, name := range []string{"start_time", "end_time"} {
		var unreadable []string
		err := collect(ctx, tx, func(row scanner) error {
			var id, text string
			err := row.Scan(&id, &text)
			if new(dbfile.Stamp).Scan(text) != nil {
				unreadable = append(unreadable, id)
			}
			return err
		}, `SELECT id, `+name+` || '' FROM main.backup WHERE `+name+` IS NOT NULL`)
		if err != nil {
			return err
		}
		for _, id := range unreadable {
			// #nosec G202 -- only the program's own words are joined; values are arguments
			if _, err := tx.ExecContext(ctx, `UPDATE main.backup SET `+name+` = NULL WHERE id = ?`, id); err != nil {
				return err
			}
		}
	}
	return nil
}

// dropMoved takes the tables of our own out of the shared file, and gives every
// row a pid: readers that want a whole number there break on a row without one.
func dropMoved(ctx context.Context, path string) error {
	if _, err := shared.Identify(path); err != nil {
		return nil
	}
	db, err := sql.Open("sqlite", dbfile.DSN(path, true, []string{"trusted_schema(OFF)"}))
	if err != nil {
		return dbfile.Explain(path, "drop moved tables", err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	there, err := column(ctx, db, `SELECT name FROM sqlite_master WHERE type = 'table'`)
	if err != nil || !slices.ContainsFunc(movedTables, func(table string) bool { return slices.Contains(there, table) }) {
		return dbfile.Explain(path, "drop moved tables", err)
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return dbfile.Explain(path, "drop moved tables", err)
	}
	defer func() { _ = tx.Rollback() }()
	for _, table := range movedTables {
		if _, err := tx.ExecContext(ctx, `DROP TABLE IF EXISTS `+table); err != nil {
			return dbfile.Explain(path, "drop moved tables", err)
		}
	}
	if _, err := tx.ExecContext(ctx, `UPDATE process SET pid = 0 WHERE pid IS NULL`); err != nil {
		return dbfile.Explain(path, "drop moved tables", err)
	}
	return dbfile.Explain(path, "drop moved tables", tx.Commit())
}

// column returns the one column of a query's rows.
func column(ctx context.Context, db *sql.DB, query string) ([]string, error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		list = append(list, name)
	}
	return list, rows.Err()
}

// syncFolder puts a folder's entries on the disk.
func syncFolder(path string) error {
	d, err := os.Open(filepath.Clean(path))
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
