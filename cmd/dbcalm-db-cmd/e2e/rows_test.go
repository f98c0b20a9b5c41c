package e2e

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"dbcalm-db-cmd/machine/api"
)

// row reads one row, each column as its SQLite type and its text.
func row(t testing.TB, db *sql.DB, table, where string, args ...any) map[string]string {
	t.Helper()
	columns := map[string][]string{
		"process": {"id", "command_id", "command", "pid", "status", "output", "error", "return_code", "start_time", "end_time", "type", "args"},
		"backup":  {"id", "from_backup_id", "schedule_id", "start_time", "end_time", "process_id", "size"},
		"restore": {"id", "backup_id", "backup_timestamp", "target", "target_path", "start_time", "end_time", "process_id"},
	}[table]
	var list []string
	for _, c := range columns {
		list = append(list, fmt.Sprintf("typeof(%[1]s) || ' ' || coalesce(CAST(%[1]s AS TEXT), '')", c))
	}
	values, into := make([]string, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	query := `SELECT ` + strings.Join(list, ", ") + ` FROM ` + table + ` WHERE ` + where
	if err := db.QueryRow(query, args...).Scan(into...); err != nil {
		t.Fatalf("%s %v: %v", query, args, err)
	}
	all := map[string]string{}
	for i, c := range columns {
		all[c] = values[i]
	}
	return all
}

// expectRow compares columns with patterns.
func expectRow(t testing.TB, got map[string]string, want map[string]string) {
	t.Helper()
	for column, pattern := range want {
		if !regexp.MustCompile(`(?s)^(?:` + pattern + `)$`).MatchString(got[column]) {
			t.Errorf("%s is %q, wanted %s", column, got[column], pattern)
		}
	}
}

// timeText is how every time is written.
const timeText = `text \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}\+00:00`

// TestRowsOtherProgramsRead compares types and formats of every column.
func TestRowsOtherProgramsRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.start()
	db := w.sqlite()
	full := w.succeeded(w.full("full")).ID
	inc := w.succeeded(w.incremental("inc", "full")).ID
	view := w.succeeded(w.restore(api.TargetFolder, "full", "inc"))

	common := map[string]string{"status": "text success", "error": "null ", "return_code": "integer 0",
		"start_time": timeText, "end_time": timeText}
	first := row(t, db, "process", `command_id = ? ORDER BY id`, full)
	expectRow(t, first, common)
	expectRow(t, first, map[string]string{"command": "text dbcalm-db-cmd full_backup full", "type": "text backup",
		"pid": "integer [1-9][0-9]*", "output": "null ", "args": `text \{"id":"full"\}`})
	tool := row(t, db, "process", `command_id = ? ORDER BY id DESC`, full)
	expectRow(t, tool, common)
	expectRow(t, tool, map[string]string{"type": "text backup", "pid": `integer [1-9]\d*`, "output": `text .*completed OK!\n?`,
		"args": `text \{"id":"full"\}`, "command": `text ` + realTool(t) + ` --defaults-file=` + w.db.CredentialsFile +
			` --defaults-group-suffix=-dbcalm --backup --target-dir=` +
			w.backupDir + `/.partial/` + full + `-1 --datadir=` + w.db.DataDir + `/? --parallel=\d+`})
	expectRow(t, row(t, db, "process", `command_id = ? ORDER BY id DESC`, inc),
		map[string]string{"args": `text \{"id":"inc","from_backup_id":"full"\}`,
			"command": `text .* --incremental-basedir=` + w.backupDir + `/full .*`})
	prepared := row(t, db, "process", `command_id = ? ORDER BY id DESC`, view.ID)
	expectRow(t, prepared, common)
	expectRow(t, prepared, map[string]string{"type": "text restore", "pid": `integer [1-9]\d*`,
		"command": `text .* --defaults-file=\S+/backup-my\.cnf --prepare .*`,
		"args":    `text \{"id_list":\["full","inc"\],"target":"folder","tmp_dir":"` + w.backupDir + `/restores/\d{4}(-\d\d){5}"\}`})

	one := row(t, db, "backup", `id = 'full'`)
	expectRow(t, one, map[string]string{"id": "text full", "from_backup_id": "null ", "schedule_id": "null ",
		"start_time": timeText, "end_time": timeText,
		"process_id": tool["id"], "size": `integer [1-9]\d{6,}`})
	two := row(t, db, "backup", `id = 'inc'`)
	expectRow(t, two, map[string]string{"from_backup_id": "text full", "start_time": timeText, "end_time": timeText,
		"size": `integer [1-9]\d+`})
	if one["start_time"] >= one["end_time"] || one["end_time"] > two["start_time"] {
		t.Errorf("times do not sort: %s to %s, then %s", one["start_time"], one["end_time"], two["start_time"])
	}
	expectRow(t, row(t, db, "restore", `1`),
		map[string]string{"id": "integer 1", "backup_id": "text full", "backup_timestamp": regexp.QuoteMeta(two["start_time"]),
			"target": "text folder", "target_path": "text " + filepath.Join(view.Args.TmpDir, "full"), "start_time": timeText, "end_time": timeText,
			"process_id": prepared["id"]})

	if err := w.client.DeleteBackup(w.ctx(), api.DeleteRequest{ID: "inc"}); err != nil {
		t.Fatal(err)
	}
	deleted := row(t, db, "process", `type = 'cleanup_backups'`)
	expectRow(t, deleted, common)
	expectRow(t, deleted, map[string]string{"command": "text dbcalm-db-cmd delete_backup inc", "args": `text \{"id":"inc"\}`})

	w.db.Stop()
	w.loseData()
	w.succeeded(w.restore(api.TargetDatabase, "full"))
	expectRow(t, row(t, db, "restore", `target = 'database'`),
		map[string]string{"backup_id": "text full", "backup_timestamp": regexp.QuoteMeta(one["start_time"]),
			"target_path": "text " + w.db.DataDir})
	expectRow(t, row(t, db, "process", `type = 'restore' ORDER BY id DESC`), map[string]string{
		"args": `text \{"id_list":\["full"\],"target":"database","tmp_dir":"` + w.db.DataDir + `"\}`})
}

// TestFailureInRows looks at the row of a failure and at the database file's
// journal mode.
func TestFailureInRows(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.useTool(`[ $doing != backup ] || { echo "the disk of this test is on fire" >&2; exit 3; }`)
	w.start()
	v := w.failed(w.full("full"), "failed with exit code 3", "the disk of this test is on fire")
	failed := row(t, w.sqlite(), "process", `command_id = ? ORDER BY id DESC`, v.ID)
	expectRow(t, failed, map[string]string{"status": "text failed", "return_code": "integer 3", "start_time": timeText, "end_time": timeText,
		"error": `text mariabackup failed with exit code 3\nlast lines of the program:\nthe disk of this test is on fire`})
	var mode string
	if err := w.sqlite().QueryRow(`PRAGMA journal_mode`).Scan(&mode); err != nil || mode != "wal" {
		t.Errorf("journal mode %s, %v", mode, err)
	}
}
