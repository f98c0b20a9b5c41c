package persistence

import (
	"context"
	"database/sql"
	"fmt"
)

// contractSchema creates the tables other programs rely on, where those
// programs have not done so yet.
const contractSchema = `
CREATE TABLE IF NOT EXISTS process (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	command_id TEXT,
	command TEXT,
	pid INTEGER NULL,
	status TEXT,
	output TEXT NULL,
	error TEXT NULL,
	return_code INTEGER NULL,
	start_time DATETIME,
	end_time DATETIME NULL,
	type TEXT,
	args TEXT
);
CREATE TABLE IF NOT EXISTS backup (
	id TEXT PRIMARY KEY,
	from_backup_id TEXT NULL REFERENCES backup(id) ON DELETE CASCADE,
	schedule_id INTEGER NULL REFERENCES schedule(id) ON DELETE SET NULL,
	start_time DATETIME,
	end_time DATETIME NULL,
	process_id INTEGER REFERENCES process(id) ON DELETE CASCADE,
	size INTEGER NULL
);
CREATE TABLE IF NOT EXISTS restore (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	backup_id TEXT REFERENCES backup(id) ON DELETE CASCADE,
	backup_timestamp DATETIME NOT NULL,
	target TEXT,
	target_path TEXT,
	start_time DATETIME,
	end_time DATETIME NULL,
	process_id INTEGER REFERENCES process(id) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS idx_backup_schedule_id ON backup(schedule_id);
CREATE INDEX IF NOT EXISTS idx_backup_start_time ON backup(start_time);
CREATE INDEX IF NOT EXISTS idx_process_status ON process(status);
CREATE INDEX IF NOT EXISTS idx_process_type ON process(type);
CREATE INDEX IF NOT EXISTS idx_process_command_id ON process(command_id);
`

// migrations build the tables of our own, one entry a version. An entry that
// has been released is never edited; a change is a new entry.
var migrations = []string{`
CREATE TABLE operation (
	number INTEGER PRIMARY KEY AUTOINCREMENT,
	id TEXT NOT NULL UNIQUE,
	machine TEXT NOT NULL,
	definition TEXT NOT NULL,
	backup_id TEXT NOT NULL,
	args TEXT NOT NULL,
	state TEXT NOT NULL,
	status TEXT NOT NULL,
	seq INTEGER NOT NULL,
	attempt INTEGER NOT NULL,
	data TEXT NOT NULL,
	failed_in TEXT NOT NULL,
	error TEXT NOT NULL,
	cancel_at DATETIME NULL,
	created_at DATETIME NOT NULL,
	started_at DATETIME NULL,
	finished_at DATETIME NULL
);
CREATE INDEX operation_status ON operation(status);
CREATE TABLE operation_transition (
	operation_id TEXT NOT NULL REFERENCES operation(id),
	seq INTEGER NOT NULL,
	from_state TEXT NOT NULL,
	event TEXT NOT NULL,
	to_state TEXT NOT NULL,
	attempt INTEGER NOT NULL,
	at DATETIME NOT NULL,
	reason TEXT NOT NULL,
	PRIMARY KEY (operation_id, seq)
);
CREATE TABLE operation_claim (
	operation_id TEXT NOT NULL REFERENCES operation(id),
	backup_id TEXT NOT NULL,
	use TEXT NOT NULL,
	PRIMARY KEY (operation_id, backup_id)
);
CREATE INDEX operation_claim_backup ON operation_claim(backup_id);
CREATE TABLE operation_job (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	operation_id TEXT NOT NULL REFERENCES operation(id),
	state TEXT NOT NULL,
	attempt INTEGER NOT NULL,
	folder TEXT NOT NULL,
	process_id INTEGER NOT NULL,
	pid INTEGER NOT NULL,
	start_ticks INTEGER NOT NULL,
	boot_id TEXT NOT NULL,
	created_at DATETIME NOT NULL,
	ended_at DATETIME NULL
);
CREATE INDEX operation_job_operation ON operation_job(operation_id);
`, `
CREATE TABLE operation_request (
	id TEXT NOT NULL PRIMARY KEY,
	command TEXT NOT NULL,
	args TEXT NOT NULL,
	operation_id TEXT NOT NULL REFERENCES operation(id),
	at DATETIME NOT NULL
);
`, `
CREATE TABLE operation_verification (
	backup_id TEXT PRIMARY KEY,
	made_by TEXT NOT NULL,
	level TEXT NOT NULL,
	passed_at DATETIME NULL,
	damage TEXT NOT NULL,
	failed_level TEXT NOT NULL,
	failed_at DATETIME NULL,
	failed_in TEXT NOT NULL
);
`, `
CREATE TABLE operation_end (
	number INTEGER PRIMARY KEY AUTOINCREMENT,
	operation_id TEXT NOT NULL REFERENCES operation(id),
	seq INTEGER NOT NULL,
	machine TEXT NOT NULL,
	backup_id TEXT NOT NULL,
	state TEXT NOT NULL,
	status TEXT NOT NULL,
	attempt INTEGER NOT NULL,
	failed_in TEXT NOT NULL,
	error TEXT NOT NULL,
	started_at DATETIME NULL,
	at DATETIME NOT NULL,
	on_finish TEXT NOT NULL,
	on_finish_error TEXT NOT NULL,
	UNIQUE (operation_id, seq)
);
CREATE INDEX operation_end_owed ON operation_end(number) WHERE on_finish = 'owed';
INSERT INTO operation_end (operation_id, seq, machine, backup_id, state, status, attempt, failed_in, error, started_at, at, on_finish, on_finish_error)
	SELECT id, seq, machine, backup_id, state, status, attempt, failed_in, error, started_at, finished_at, '', '' FROM operation
	WHERE status NOT IN ('waiting', 'running') AND finished_at IS NOT NULL ORDER BY finished_at, number;
`, `
CREATE INDEX operation_end_figures ON operation_end(machine, status, failed_in, started_at, at);
CREATE INDEX operation_end_failed ON operation_end(number) WHERE status = 'failed';
CREATE INDEX operation_end_on_finish_failed ON operation_end(number) WHERE on_finish = 'failed';
CREATE INDEX operation_transition_survived ON operation_transition(event, operation_id) WHERE event IN ('adopt', 'redo', 'rewind');
`, `
ALTER TABLE operation ADD COLUMN replaces_data_directory BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE operation SET replaces_data_directory = TRUE WHERE machine = 'restore_database';
`, `
ALTER TABLE operation ADD COLUMN asked_by TEXT NOT NULL DEFAULT '';
`}

// migrate brings the schema to this program's version. A database of a newer
// program is refused: its rows may mean what this program does not know.
func migrate(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin migration: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, contractSchema); err != nil {
		return fmt.Errorf("create shared tables: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS operation_schema (version INTEGER NOT NULL)`); err != nil {
		return fmt.Errorf("create version table: %w", err)
	}
	var version int
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(version), 0) FROM operation_schema`).Scan(&version); err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	if version > len(migrations) {
		return fmt.Errorf("%w: schema version %d, this program knows %d", ErrNewer, version, len(migrations))
	}
	for v := version; v < len(migrations); v++ {
		if _, err := tx.ExecContext(ctx, migrations[v]); err != nil {
			return fmt.Errorf("migrate to version %d: %w", v+1, err)
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO operation_schema (version) VALUES (?)`, v+1); err != nil {
			return fmt.Errorf("record schema version %d: %w", v+1, err)
		}
	}
	return tx.Commit()
}
