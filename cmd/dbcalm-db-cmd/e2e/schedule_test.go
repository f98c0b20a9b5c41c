package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"dbcalm-db-cmd/machine/api"
)

// scheduled takes a full backup for a schedule and returns the schedule_id
// that was recorded.
func (w *world) scheduled(id string, schedule int64) string {
	w.t.Helper()
	operation, err := w.client.FullBackup(w.ctx(), api.BackupRequest{ID: id, ScheduleID: &schedule})
	v := w.succeeded(w.accepted(operation, err))
	if v.Args.ScheduleID == nil || *v.Args.ScheduleID != schedule {
		w.t.Errorf("arguments as accepted: %+v", v.Args)
	}
	db := w.sqlite()
	expectRow(w.t, row(w.t, db, "process", `command_id = ? ORDER BY id DESC`, v.ID),
		map[string]string{"args": `text \{"id":"` + id + `","schedule_id":7\}`})
	return row(w.t, db, "backup", `id = ?`, id)["schedule_id"]
}

// TestScheduleOfAnotherProgram records backups for a schedule whose table is
// missing, lacks the row, and has it: it never costs the backup's record.
func TestScheduleOfAnotherProgram(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.start()
	db := w.sqlite()
	if got := w.scheduled("no-table", 7); got != "null " {
		t.Errorf("without the table: %s", got)
	}
	if _, err := db.Exec(`CREATE TABLE schedule (id INTEGER PRIMARY KEY AUTOINCREMENT, enabled INTEGER)`); err != nil {
		t.Fatal(err)
	}
	if got := w.scheduled("no-row", 7); got != "null " {
		t.Errorf("without the row: %s", got)
	}
	if _, err := db.Exec(`INSERT INTO schedule (id, enabled) VALUES (7, 1)`); err != nil {
		t.Fatal(err)
	}
	if got := w.scheduled("row", 7); got != "integer 7" {
		t.Errorf("with the row: %s", got)
	}
	if _, err := db.Exec(`DELETE FROM schedule`); err != nil {
		t.Fatal(err)
	}
	if got := row(t, db, "backup", `id = 'row'`)["schedule_id"]; got != "null " {
		t.Errorf("when the schedule was deleted: %s", got)
	}
}

// TestDatabaseOfTheAPIServer starts on tables that the API server has made,
// with rows in them.
func TestDatabaseOfTheAPIServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	db := w.sqlite()
	for _, statement := range []string{
		`PRAGMA journal_mode = WAL`,
		`CREATE TABLE schedule (id INTEGER PRIMARY KEY AUTOINCREMENT)`,
		`CREATE TABLE process (id INTEGER PRIMARY KEY AUTOINCREMENT, command_id TEXT, command TEXT, pid INTEGER, status TEXT, output TEXT,
			error TEXT, return_code INTEGER, start_time DATETIME, end_time DATETIME, type TEXT, args TEXT)`,
		`CREATE TABLE backup (id TEXT PRIMARY KEY, from_backup_id TEXT REFERENCES backup(id) ON DELETE CASCADE,
			schedule_id INTEGER REFERENCES schedule(id) ON DELETE SET NULL, start_time DATETIME, end_time DATETIME,
			process_id INTEGER REFERENCES process(id) ON DELETE CASCADE, size INTEGER)`,
		`INSERT INTO process (command_id, command, status, start_time, type, args)
			VALUES ('old', 'mariabackup', 'success', '2024-02-29 12:00:00', 'backup', '{}')`,
		`INSERT INTO backup (id, start_time, process_id) VALUES ('old', '2024-02-29 12:00:00.5', 1)`,
	} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	if err := os.MkdirAll(filepath.Join(w.backupDir, "old"), 0o750); err != nil {
		t.Fatal(err)
	}
	w.start()
	w.succeeded(w.full("new"))
	refused(t, func() error { _, err := w.client.FullBackup(w.ctx(), api.BackupRequest{ID: "old"}); return err }(), 409,
		"Backup with id 'old' already exists")
	backups, err := w.client.Backups(w.ctx())
	if err != nil || len(backups) != 2 || backups[0].Problem == "" || backups[1].Problem != "" {
		t.Errorf("backups: %+v, %v", backups, err)
	}
}
