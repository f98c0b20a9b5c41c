PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE process (
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
INSERT INTO process VALUES(1,'cron','cleanup',77,'success',NULL,NULL,NULL,'2026-03-04 11:00:00.000000+00:00',NULL,'cleanup_backups','{}');
INSERT INTO process VALUES(2,'op-full','dbcalm-db-cmd full_backup',NULL,'success',NULL,NULL,0,'2026-03-04 12:00:00.123456+00:00','2026-03-04 12:01:00.123456+00:00','backup','{"id":"b-op-full"}');
INSERT INTO process VALUES(3,'op-inc','dbcalm-db-cmd full_backup',NULL,'success',NULL,NULL,0,'2026-03-04 12:00:00.123456+00:00','2026-03-04 12:01:00.123456+00:00','backup','{"id":"b-op-inc"}');
INSERT INTO process VALUES(4,'restored','dbcalm-db-cmd full_backup',NULL,'success',NULL,NULL,0,'2026-03-04 12:00:00.123456+00:00','2026-03-04 12:01:00.123456+00:00','backup','{"id":"b-restored"}');
INSERT INTO process VALUES(5,'open','dbcalm-db-cmd full_backup',NULL,'success',NULL,NULL,0,'2026-03-04 12:00:00.123456+00:00','2026-03-04 12:02:00.123456+00:00','backup','{"id":"b-open"}');
INSERT INTO process VALUES(6,'open','/usr/bin/mariadb-backup --backup',4712,'running',NULL,NULL,NULL,'2026-03-04 12:02:00.123456+00:00',NULL,'backup','{"id":"b-open"}');
INSERT INTO process VALUES(7,'waiting','dbcalm-db-cmd full_backup',NULL,'running',NULL,NULL,NULL,'2026-03-04 13:00:00.123456+00:00',NULL,'backup','{"id":"b-waiting"}');
CREATE TABLE backup (
	id TEXT PRIMARY KEY,
	from_backup_id TEXT NULL REFERENCES backup(id) ON DELETE CASCADE,
	schedule_id INTEGER NULL REFERENCES schedule(id) ON DELETE SET NULL,
	start_time DATETIME,
	end_time DATETIME NULL,
	process_id INTEGER REFERENCES process(id) ON DELETE CASCADE,
	size INTEGER NULL
);
INSERT INTO backup VALUES('full',NULL,NULL,'2026-03-04 12:00:00.123456+00:00','2026-03-04 12:01:00.123456+00:00',2,1000);
INSERT INTO backup VALUES('inc','full',NULL,'2026-03-04 12:00:00.123456+00:00','2026-03-04 12:01:00.123456+00:00',3,1000);
CREATE TABLE restore (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	backup_id TEXT REFERENCES backup(id) ON DELETE CASCADE,
	backup_timestamp DATETIME NOT NULL,
	target TEXT,
	target_path TEXT,
	start_time DATETIME,
	end_time DATETIME NULL,
	process_id INTEGER REFERENCES process(id) ON DELETE CASCADE
);
INSERT INTO restore VALUES(1,'full','2026-03-04 12:00:00.123456+00:00','folder','/r/restored','2026-03-04 12:00:00.123456+00:00','2026-03-04 12:01:00.123456+00:00',4);
CREATE TABLE operation_schema (version INTEGER NOT NULL);
INSERT INTO operation_schema VALUES(1);
INSERT INTO operation_schema VALUES(2);
INSERT INTO operation_schema VALUES(3);
INSERT INTO operation_schema VALUES(4);
INSERT INTO operation_schema VALUES(5);
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
INSERT INTO operation VALUES(1,'op-full','full_backup','the definition','full','{"id":"b-op-full"}','done','succeeded',2,1,'{}','','',NULL,'2026-03-04 12:00:00.123456+00:00',NULL,'2026-03-04 12:01:00.123456+00:00');
INSERT INTO operation VALUES(2,'op-inc','full_backup','the definition','inc','{"id":"b-op-inc"}','done','succeeded',2,1,'{}','','',NULL,'2026-03-04 12:00:00.123456+00:00',NULL,'2026-03-04 12:01:00.123456+00:00');
INSERT INTO operation VALUES(3,'restored','full_backup','the definition','b-restored','{"id":"b-restored"}','done','succeeded',2,1,'{}','','',NULL,'2026-03-04 12:00:00.123456+00:00',NULL,'2026-03-04 12:01:00.123456+00:00');
INSERT INTO operation VALUES(4,'open','full_backup','another definition','b-open','{"id":"b-open"}','copy','running',2,1,'{}','','',NULL,'2026-03-04 12:00:00.123456+00:00','2026-03-04 12:01:00.123456+00:00',NULL);
INSERT INTO operation VALUES(5,'waiting','full_backup','the definition','b-waiting','{"id":"b-waiting"}','queued','waiting',1,1,'{}','','',NULL,'2026-03-04 13:00:00.123456+00:00',NULL,NULL);
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
INSERT INTO operation_transition VALUES('op-full',1,'','accept','queued',1,'2026-03-04 12:00:00.123456+00:00','command accepted');
INSERT INTO operation_transition VALUES('op-full',2,'queued','ok','done',1,'2026-03-04 12:01:00.123456+00:00','ok leads to done');
INSERT INTO operation_transition VALUES('op-inc',1,'','accept','queued',1,'2026-03-04 12:00:00.123456+00:00','command accepted');
INSERT INTO operation_transition VALUES('op-inc',2,'queued','ok','done',1,'2026-03-04 12:01:00.123456+00:00','ok leads to done');
INSERT INTO operation_transition VALUES('restored',1,'','accept','queued',1,'2026-03-04 12:00:00.123456+00:00','command accepted');
INSERT INTO operation_transition VALUES('restored',2,'queued','ok','done',1,'2026-03-04 12:01:00.123456+00:00','ok leads to done');
INSERT INTO operation_transition VALUES('open',1,'','accept','queued',1,'2026-03-04 12:00:00.123456+00:00','command accepted');
INSERT INTO operation_transition VALUES('open',2,'queued','start','copy',1,'2026-03-04 12:01:00.123456+00:00','start leads to copy');
INSERT INTO operation_transition VALUES('waiting',1,'','accept','queued',1,'2026-03-04 13:00:00.123456+00:00','command accepted');
CREATE TABLE operation_claim (
	operation_id TEXT NOT NULL REFERENCES operation(id),
	backup_id TEXT NOT NULL,
	use TEXT NOT NULL,
	PRIMARY KEY (operation_id, backup_id)
);
INSERT INTO operation_claim VALUES('op-full','full','makes');
INSERT INTO operation_claim VALUES('op-inc','inc','makes');
INSERT INTO operation_claim VALUES('restored','full','reads');
INSERT INTO operation_claim VALUES('open','b-open','makes');
INSERT INTO operation_claim VALUES('waiting','full','reads');
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
INSERT INTO operation_job VALUES(1,'open','copy',1,'/var/lib/dbcalm/db-cmd/jobs/open-2',6,4711,12345,'boot','2026-03-04 12:02:00.123456+00:00',NULL);
CREATE TABLE operation_request (
	id TEXT NOT NULL PRIMARY KEY,
	command TEXT NOT NULL,
	args TEXT NOT NULL,
	operation_id TEXT NOT NULL REFERENCES operation(id),
	at DATETIME NOT NULL
);
INSERT INTO operation_request VALUES('request','full_backup','{}','open','2026-03-04 12:00:00.123456+00:00');
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
INSERT INTO operation_verification VALUES('full','op-full','checksum','2026-03-04 12:01:00.123456+00:00','','',NULL,'');
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
INSERT INTO operation_end VALUES(1,'op-full',2,'full_backup','full','done','succeeded',1,'','',NULL,'2026-03-04 12:01:00.123456+00:00','','');
INSERT INTO operation_end VALUES(2,'op-inc',2,'full_backup','inc','done','succeeded',1,'','',NULL,'2026-03-04 12:01:00.123456+00:00','','');
INSERT INTO operation_end VALUES(3,'restored',2,'full_backup','b-restored','done','succeeded',1,'','',NULL,'2026-03-04 12:01:00.123456+00:00','owed','');
CREATE TABLE schedule (id INTEGER PRIMARY KEY);
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('operation_end',3);
INSERT INTO sqlite_sequence VALUES('process',7);
INSERT INTO sqlite_sequence VALUES('operation',5);
INSERT INTO sqlite_sequence VALUES('restore',1);
INSERT INTO sqlite_sequence VALUES('operation_job',1);
CREATE INDEX idx_backup_schedule_id ON backup(schedule_id);
CREATE INDEX idx_backup_start_time ON backup(start_time);
CREATE INDEX idx_process_status ON process(status);
CREATE INDEX idx_process_type ON process(type);
CREATE INDEX idx_process_command_id ON process(command_id);
CREATE INDEX operation_status ON operation(status);
CREATE INDEX operation_claim_backup ON operation_claim(backup_id);
CREATE INDEX operation_job_operation ON operation_job(operation_id);
CREATE INDEX operation_end_owed ON operation_end(number) WHERE on_finish = 'owed';
CREATE INDEX operation_end_figures ON operation_end(machine, status, failed_in, started_at, at);
CREATE INDEX operation_end_failed ON operation_end(number) WHERE status = 'failed';
CREATE INDEX operation_end_on_finish_failed ON operation_end(number) WHERE on_finish = 'failed';
CREATE INDEX operation_transition_survived ON operation_transition(event, operation_id) WHERE event IN ('adopt', 'redo', 'rewind');
COMMIT;
