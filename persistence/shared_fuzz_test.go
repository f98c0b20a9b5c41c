package persistence

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"dbcalm-db-cmd/persistence/shared"
	"dbcalm-db-cmd/steps/testkit"
)

// sharedColumns are what others can write in the shared file.
var sharedColumns = []string{
	"process.id", "process.command_id", "process.command", "process.pid", "process.status", "process.output", "process.error",
	"process.return_code", "process.start_time", "process.end_time", "process.type", "process.args",
	"backup.id", "backup.from_backup_id", "backup.schedule_id", "backup.start_time", "backup.end_time", "backup.process_id", "backup.size",
	"restore.id", "restore.backup_id", "restore.backup_timestamp", "restore.target", "restore.target_path", "restore.process_id",
}

// FuzzSharedRows: whatever others put into any column of the shared file, the
// ledger says what it said, but for a backup whose row is no longer there; and
// operations go on.
func FuzzSharedRows(f *testing.F) {
	testkit.Slow(f)
	for i := range sharedColumns {
		f.Add(uint8(i), uint8(i), []byte("full"), int64(i))
	}
	f.Add(uint8(0), uint8(1), []byte("\x00\xff"), int64(-1))
	f.Add(uint8(12), uint8(0), []byte("../../etc"), int64(1)<<62)
	f.Fuzz(func(t *testing.T, column, kind uint8, text []byte, number int64) {
		d := openNew(t)
		d.record("old", "")
		d.record("full", "old")
		d.restored("restore", "full")
		open := d.apply(step(d.accept(operation("open")), "start", "copy"))
		before := list(t, d.ledgerDB(), `SELECT id || state || status || definition || data FROM operation ORDER BY id`)
		value := []any{string(text), text, number, float64(number) / 3, nil}[kind%5]
		table, name, _ := strings.Cut(sharedColumns[int(column)%len(sharedColumns)], ".")
		others := outsider(t, d.path)
		run(t, others, `PRAGMA foreign_keys = OFF`)
		// What the table itself refuses, others cannot write: all stays as it was then.
		_, _ = others.ExecContext(t.Context(),
			fmt.Sprintf(`UPDATE %s SET %s = ? WHERE rowid = (SELECT max(rowid) FROM %s)`, table, name, table), value)
		for _, id := range []string{"old", "full"} {
			there := read(t, others, `SELECT count(*) FROM backup WHERE id = ?`, id) == "1"
			b, err := d.Backup(t.Context(), id)
			if err != nil && (there || !errors.Is(err, ErrNotFound)) && !errors.Is(err, shared.ErrLost) {
				t.Errorf("backup %s: %v", id, err)
			}
			if err == nil && (b.ID != id || *b.Size != 1000) {
				t.Errorf("backup %s is now %+v", id, b)
			}
		}
		all, err := d.Backups(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range names(all) {
			if id != "old" && id != "full" {
				t.Errorf("there is a backup %q now", id)
			}
		}
		d.apply(step(open, "ok", "done", func(c *Change) { c.Status = Succeeded }))
		d.shared.look(t.Context())
		after := list(t, d.ledgerDB(), `SELECT id || state || status || definition || data FROM operation WHERE id <> 'open' ORDER BY id`)
		before = slices.DeleteFunc(before, func(line string) bool { return strings.HasPrefix(line, "open") })
		same(t, "operations", after, before)
	})
}
