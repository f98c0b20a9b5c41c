package persistence

import (
	"context"
	"database/sql"
	"fmt"
)

// migration brings the ledger from one version to the next: statements, and then
// what SQL cannot do.
type migration struct {
	sql  string
	then func(context.Context, *sql.Tx) error
}

// migrations build the ledger, one entry a version. An entry that has been
// released is never edited; a change is a new entry. Up to movedVersion they
// built tables in the shared file, from where they are moved.
var migrations = []migration{{sql: `
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
`}, {sql: `
CREATE TABLE operation_request (
	id TEXT NOT NULL PRIMARY KEY,
	command TEXT NOT NULL,
	args TEXT NOT NULL,
	operation_id TEXT NOT NULL REFERENCES operation(id),
	at DATETIME NOT NULL
);
`}, {sql: `
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
`}, {sql: `
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
INSERT INTO operation_end
	(operation_id, seq, machine, backup_id, state, status, attempt, failed_in, error, started_at, at, on_finish, on_finish_error)
	SELECT id, seq, machine, backup_id, state, status, attempt, failed_in, error, started_at, finished_at, '', '' FROM operation
	WHERE status NOT IN ('waiting', 'running') AND finished_at IS NOT NULL ORDER BY finished_at, number;
`}, {sql: `
CREATE INDEX operation_end_figures ON operation_end(machine, status, failed_in, started_at, at);
CREATE INDEX operation_end_failed ON operation_end(number) WHERE status = 'failed';
CREATE INDEX operation_end_on_finish_failed ON operation_end(number) WHERE on_finish = 'failed';
CREATE INDEX operation_transition_survived ON operation_transition(event, operation_id) WHERE event IN ('adopt', 'redo', 'rewind');
`}, {sql: `
ALTER TABLE operation ADD COLUMN replaces_data_directory BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE operation SET replaces_data_directory = TRUE WHERE machine = 'restore_database';
`}, {sql: ledgerSchema, then: hashDefinitions}, {sql: `
ALTER TABLE operation ADD COLUMN asked_by TEXT NOT NULL DEFAULT '';
`}, {sql: `
ALTER TABLE backup ADD COLUMN manifest_sha256 TEXT NOT NULL DEFAULT '';
ALTER TABLE backup ADD COLUMN store TEXT NOT NULL DEFAULT '';
CREATE TABLE backup_made (
	manifest_sha256 TEXT NOT NULL PRIMARY KEY,
	backup_id TEXT NOT NULL,
	at DATETIME NOT NULL
);
`}, {sql: historySchema}}

// movedVersion is the last version of the tables that lay in the shared file.
const movedVersion = 6

// ledgerSchema is what the tables need to stand apart from the shared file: rows
// of our own for the three that others read, the definitions by their hash, and
// what the shared file has not been told yet.
const ledgerSchema = `
CREATE TABLE process (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	shared_id INTEGER NULL,
	command_id TEXT,
	command TEXT,
	pid INTEGER NULL,
	daemon_pid INTEGER NULL,
	status TEXT,
	output TEXT NULL,
	error TEXT NULL,
	return_code INTEGER NULL,
	start_time DATETIME,
	end_time DATETIME NULL,
	type TEXT,
	args TEXT
);
CREATE INDEX process_command ON process(command_id, start_time);
CREATE TABLE backup (
	id TEXT NOT NULL PRIMARY KEY,
	from_backup_id TEXT NULL,
	schedule_id INTEGER NULL,
	start_time DATETIME,
	end_time DATETIME NULL,
	process_id INTEGER,
	size INTEGER NULL,
	delivered INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX backup_from ON backup(from_backup_id);
CREATE INDEX backup_process ON backup(process_id);
CREATE TABLE restore (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	shared_id INTEGER NULL,
	backup_id TEXT,
	backup_timestamp DATETIME,
	target TEXT,
	target_path TEXT,
	start_time DATETIME,
	end_time DATETIME NULL,
	process_id INTEGER
);
CREATE INDEX restore_backup ON restore(backup_id);
CREATE INDEX restore_process ON restore(process_id);
CREATE TABLE outbox (
	number INTEGER PRIMARY KEY AUTOINCREMENT,
	change TEXT NOT NULL
);
CREATE TABLE shared_file (
	path TEXT NOT NULL,
	device INTEGER NOT NULL,
	inode INTEGER NOT NULL,
	birth INTEGER NOT NULL
);
CREATE TABLE operation_definition (
	hash TEXT NOT NULL PRIMARY KEY,
	text TEXT NOT NULL
);
`

// historySchema is what lets operations leave the ledger: what is counted of all
// that there ever were, and when the data directory was last replaced, no longer
// hang on their rows, and those that are to go are found without a look at the
// others.
//
// A duration is counted under the least of so many seconds that it does not
// exceed: whole ones up to an hour, whole minutes above. It so stands on the right
// side of every bound that is one of these.
const historySchema = `
CREATE TABLE figure_end (
	machine TEXT NOT NULL,
	status TEXT NOT NULL,
	failed_in TEXT NOT NULL,
	count INTEGER NOT NULL,
	last DATETIME NOT NULL,
	PRIMARY KEY (machine, status, failed_in)
) WITHOUT ROWID;
INSERT INTO figure_end SELECT machine, status, failed_in, count(*), max(at) FROM operation_end GROUP BY machine, status, failed_in;
CREATE TABLE figure_took (
	machine TEXT NOT NULL,
	within INTEGER NOT NULL,
	count INTEGER NOT NULL,
	seconds REAL NOT NULL,
	PRIMARY KEY (machine, within)
) WITHOUT ROWID;
INSERT INTO figure_took SELECT machine, CASE WHEN whole <= 3600 THEN whole ELSE (whole + 59) / 60 * 60 END AS within, count(*), sum(seconds)
	FROM (SELECT machine, seconds, CAST(seconds AS INTEGER) + (seconds > CAST(seconds AS INTEGER)) AS whole
		FROM (SELECT machine, max(0, round((julianday(at) - julianday(started_at)) * 86400, 3)) AS seconds FROM operation_end
			WHERE status = 'succeeded' AND started_at IS NOT NULL))
	GROUP BY machine, within;
CREATE TABLE figure_survived (
	machine TEXT NOT NULL,
	event TEXT NOT NULL,
	count INTEGER NOT NULL,
	PRIMARY KEY (machine, event)
) WITHOUT ROWID;
INSERT INTO figure_survived SELECT o.machine, t.event, count(*) FROM operation_transition t JOIN operation o ON o.id = t.operation_id
	WHERE t.event IN ('adopt', 'redo', 'rewind') GROUP BY o.machine, t.event;
CREATE TABLE figure_on_finish (
	failed INTEGER NOT NULL
);
INSERT INTO figure_on_finish SELECT count(*) FROM operation_end WHERE on_finish = 'failed';
CREATE TABLE data_directory (
	replaced_at DATETIME NOT NULL,
	end_number INTEGER NOT NULL,
	operation_number INTEGER NOT NULL
);
INSERT INTO data_directory SELECT e.at, e.number,
	(SELECT max(number) FROM operation WHERE replaces_data_directory AND status = 'succeeded')
	FROM operation_end e JOIN operation o ON o.id = e.operation_id
	WHERE o.replaces_data_directory AND o.status = 'succeeded' AND e.status = 'succeeded' ORDER BY e.number DESC LIMIT 1;
DROP INDEX operation_end_figures;
DROP INDEX operation_end_on_finish_failed;
DROP INDEX operation_transition_survived;
CREATE INDEX operation_state ON operation(state);
CREATE INDEX operation_finished ON operation(finished_at);
CREATE INDEX operation_request_operation ON operation_request(operation_id);
CREATE TABLE operation_forgotten (
	id TEXT NOT NULL PRIMARY KEY
) WITHOUT ROWID;
`

// hashDefinitions stores the text of each definition once; operations then name
// it by its hash.
func hashDefinitions(ctx context.Context, tx *sql.Tx) error {
	rows, err := tx.QueryContext(ctx, `SELECT DISTINCT definition FROM operation`)
	if err != nil {
		return err
	}
	defer rows.Close()
	var texts []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return err
		}
		texts = append(texts, text)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, text := range texts {
		hash, err := storeDefinition(ctx, tx, text)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE operation SET definition = ? WHERE definition = ?`, hash, text); err != nil {
			return err
		}
	}
	return nil
}

// migrate brings the ledger to this program's version. One of a newer program
// is refused: its rows may mean what this program does not know.
func migrate(ctx context.Context, db *sql.DB) error {
	return migrateTo(ctx, db, len(migrations))
}

func migrateTo(ctx context.Context, db *sql.DB, goal int) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin migration: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS operation_schema (version INTEGER NOT NULL)`); err != nil {
		return fmt.Errorf("create version table: %w", err)
	}
	var version int
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(version), 0) FROM operation_schema`).Scan(&version); err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	if version > goal {
		return fmt.Errorf("%w: schema version %d, this program knows %d", ErrNewer, version, goal)
	}
	for v := version; v < goal; v++ {
		if _, err := tx.ExecContext(ctx, migrations[v].sql); err != nil {
			return fmt.Errorf("migrate to version %d: %w", v+1, err)
		}
		if then := migrations[v].then; then != nil {
			if err := then(ctx, tx); err != nil {
				return fmt.Errorf("migrate to version %d: %w", v+1, err)
			}
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO operation_schema (version) VALUES (?)`, v+1); err != nil {
			return fmt.Errorf("record schema version %d: %w", v+1, err)
		}
	}
	return tx.Commit()
}
