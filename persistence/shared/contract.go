package shared

// Tables creates the tables other programs rely on, where those
// programs have not done so yet.
const Tables = `
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
`

// indexes are what other programs expect to be indexed.
var indexes = []struct{ table, column string }{
	{"backup", "schedule_id"}, {"backup", "start_time"},
	{"process", "status"}, {"process", "type"}, {"process", "command_id"},
}
