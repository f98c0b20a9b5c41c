package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/store"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// loseRecords takes both databases of a stopped daemon away, as the loss of
// their disk does.
func (w *world) loseRecords() {
	w.t.Helper()
	w.loseFile(w.database)
	w.loseFile(persistence.LedgerPath(w.stateDir))
}

// loseFile takes one database away.
func (w *world) loseFile(path string) {
	w.t.Helper()
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(path + suffix); err != nil && !os.IsNotExist(err) {
			w.t.Fatal(err)
		}
	}
}

// recorded lists the rows of the table backup, each as ID or ID<BASE.
func (w *world) recorded() string {
	w.t.Helper()
	rows, err := w.sqlite().Query(`SELECT id || coalesce('<' || from_backup_id, '') FROM backup ORDER BY start_time`)
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	var words []string
	for rows.Next() {
		var word string
		if err := rows.Scan(&word); err != nil {
			w.t.Fatal(err)
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

// TestRebuildAfterALostDatabase brings back every row that other programs
// read, to the column, and then restores the chain and goes on with it.
func TestRebuildAfterALostDatabase(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	mariadbtest.FillTables(t, w.db.DB(), 3, 100)
	w.start()
	schedule := int64(7)
	made := w.succeeded(w.accepted(w.client.FullBackup(w.ctx(), api.BackupRequest{ID: "z-full", ScheduleID: &schedule})))
	mariadbtest.FillTables(t, w.db.DB(), 3, 10)
	w.succeeded(w.incremental("inc", "z-full"))
	w.succeeded(w.incremental("branch", "z-full"))
	mariadbtest.FillTables(t, w.db.DB(), 3, 10)
	want := mariadbtest.Fingerprint(t, w.db.DB())
	w.succeeded(w.incremental("a-last", "inc"))
	rows := map[string]map[string]string{}
	for _, id := range []string{"z-full", "inc", "branch", "a-last"} {
		rows[id] = row(t, w.sqlite(), "backup", `id = ?`, id)
	}
	w.stop()
	store := tree(t, w.backupDir)
	w.loseRecords()
	w.start()
	w.expectCLI(5, ``, `.*Backup with id 'z-full' not found: its folder is there, its record is lost: `+
		`dbcalm-db-cmd backups rebuild records it again.*`, "restore", "a-last", "--target", "folder")
	w.asAPIServer(w.sqlite(), `INSERT INTO schedule (id) VALUES (7)`)
	table := `NAME +FOUND +DONE +DETAILS\nz-full +no record +recorded +full backup of 20.*\ninc +no record .* incremental on 'z-full' .*\n` +
		`a-last +no record .*branch .*\n\n4 backups recorded again \(not made here: 4\), 4 backups recorded now\n`
	w.expectCLI(0, table, ``, "backups", "rebuild")
	w.expectCLI(0, `Nothing to do: 4 backups recorded, and the store matches.\n`, ``, "backups", "rebuild", "--prune")
	unchanged(t, w.backupDir, store)
	for id, was := range rows {
		now := row(t, w.sqlite(), "backup", `id = ?`, id)
		process := row(t, w.sqlite(), "process", `id = ?`, strings.TrimPrefix(now["process_id"], "integer "))
		expectRow(t, process, map[string]string{"status": "text success", "type": "text backup", "return_code": "integer 0",
			"error": "null ", "pid": "integer [1-9][0-9]*", "start_time": timeText, "end_time": timeText,
			"command": "text dbcalm-db-cmd backups rebuild", "args": `text \{"id":"` + id + `".*\}`})
		delete(now, "process_id")
		if id == "z-full" {
			// The schedule was not there at first.
			was["schedule_id"] = "integer 7"
		}
		for column, value := range now {
			if column != "end_time" && was[column] != value {
				t.Errorf("%s of %s was %s and is %s", column, id, was[column], value)
			}
		}
		expectRow(t, now, map[string]string{"end_time": timeText})
	}
	// Whoever still waits for the operation learns how it ended.
	if status, _, _ := w.newest(w.sqlite(), made.ID); status != "success" {
		t.Errorf("the operation is %s to a client", status)
	}
	w.succeeded(w.incremental("more", "a-last"))
	w.db.Stop()
	w.loseData()
	w.succeeded(w.restore(api.TargetDatabase, "z-full", "inc", "a-last"))
	w.db.Start()
	w.holds(want)
}

// TestRebuildTellsWhatIsAmiss puts one of everything into the store.
func TestRebuildTellsWhatIsAmiss(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.start()
	for _, link := range [][2]string{{"full", ""}, {"inc", "full"}, {"last", "inc"}, {"other", ""}, {"other-inc", "other"}} {
		if link[1] == "" {
			w.succeeded(w.full(link[0]))
		} else {
			w.succeeded(w.incremental(link[0], link[1]))
		}
	}
	path := func(names ...string) string { return filepath.Join(append([]string{w.backupDir}, names...)...) }
	do := func(errs ...error) {
		t.Helper()
		for _, err := range errs {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	w.asAPIServer(w.sqlite(), `PRAGMA foreign_keys = off`, `DELETE FROM backup WHERE id IN ('full', 'other', 'other-inc')`)
	do(os.CopyFS(path("copy"), os.DirFS(path("full"))), os.MkdirAll(path("holiday", "beach"), 0o700),
		os.MkdirAll(path(".partial", "gone-1", "mysql"), 0o700),
		os.RemoveAll(path("last")), os.RemoveAll(path("other")))
	const holiday = "holiday +no manifest +- +.*holiday holds no dbcalm.json: a backup of an older program, or none; it is left alone; " +
		"if it is not wanted, move its folder out of backup_dir"
	lines := func(last, partial string) string {
		return `NAME .*\ncopy +mismatch +- +.*copy holds backup 'full': give the folder that name, or, if it is a copy, ` +
			`move it out of backup_dir\nfull +no record +recorded .*\n` + holiday +
			`\nother-inc +no base +- +it stands on 'other', which is neither recorded nor in backup_dir: bring that folder back ` +
			`and run this again; .*\nlast +no folder +` + last + `\n.partial/gone-1 +leftover +` + partial + `\n\n1 backup recorded again, .*`
	}
	w.expectCLI(7, lines(`- +its folder `+path("last")+
		` is missing: bring it back, or dbcalm-db-cmd backups rebuild --prune removes the record`,
		`- +work of an operation that is not known: dbcalm-db-cmd backups rebuild --prune removes it`)+`3 backups recorded now\n`,
		`dbcalm-db-cmd: 5 findings left for you to decide on\n`, "backups", "rebuild")
	if got := w.recorded(); got != "full inc<full last<inc" {
		t.Errorf("recorded are %s", got)
	}
	stored := tree(t, w.backupDir)
	var report api.RebuildReport
	err := json.Unmarshal([]byte(w.expectCLI(7, `.*`, `.*3 findings left.*`, "backups", "rebuild", "--prune", "--json")), &report)
	if err != nil || report.Recorded != 2 || len(report.Findings) != 5 {
		t.Errorf("%+v, %v", report, err)
	}
	if got := w.recorded(); got != "full inc<full" {
		t.Errorf("recorded are %s", got)
	}
	for name := range stored {
		if strings.Contains(name, ".partial") {
			delete(stored, name)
		}
	}
	unchanged(t, w.backupDir, stored)

	do(os.RemoveAll(path("copy")), os.RemoveAll(path("holiday")), os.RemoveAll(path("other-inc")))
	w.expectCLI(0, `Nothing to do: 2 backups recorded, and the store matches.\n`, ``, "backups", "rebuild")
	// A copy of which a part is still under way is no backup yet.
	do(os.CopyFS(path("half"), os.DirFS(path("full"))), os.Remove(path("half", "ibdata1")))
	w.rewrite("half", func(m *store.Manifest) { m.ID = "half" })
	w.expectCLI(7, `.*half +damaged +- +backup 'half' is damaged: file ibdata1 is missing; .*it is not recorded.*`, `.*`, "backups", "rebuild")
	do(os.RemoveAll(path("half")))

	// The parent's folder was replaced by a newer backup of the same id.
	w.succeeded(w.full("new"))
	w.asAPIServer(w.sqlite(), `PRAGMA foreign_keys = off`, `DELETE FROM backup`)
	w.swap("full", "new")
	w.rewrite("full", func(m *store.Manifest) { m.ID = "full" })
	do(os.RemoveAll(path("new")))
	w.expectCLI(7, `.*full +no record +recorded .*inc +mismatch +- +backup 'inc' stands on a backup 'full' that operation .* made, `+
		`and the one that is there was made by operation .*: it is another of the same id; it is not recorded.*`, `.*`, "backups", "rebuild")
}

// TestRebuildBesideOperations runs while a backup is being published again and
// again: none is recorded twice or taken from its operation.
func TestRebuildBesideOperations(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{config: map[string]string{"max_concurrent": "3"}})
	w.start()
	var operations []string
	for _, id := range []string{"a", "b", "c", "d"} {
		operations = append(operations, w.full(id))
	}
	open := func(id string) bool { return w.show(id).FinishedAt == nil }
	for slices.ContainsFunc(operations, open) {
		report, err := w.client.Rebuild(w.ctx(), api.RebuildRequest{Prune: true})
		if err != nil || len(report.Findings) > 0 {
			t.Fatalf("%+v, %v", report, err)
		}
	}
	for _, id := range operations {
		w.succeeded(id)
	}
}

// TestRebuildIsKilled kills the daemon just before and just after the rows are
// written.
func TestRebuildIsKilled(t *testing.T) {
	t.Parallel()
	points := t.TempDir()
	w := newWorld(t, worldOptions{tags: "crashpoints"})
	w.env = append(w.env, "DBCALM_CRASH_DIR="+points)
	w.start()
	w.succeeded(w.full("full"))
	w.succeeded(w.incremental("inc", "full"))
	const all = "full inc<full"
	for _, point := range []string{"rebuild-before", "rebuild-recorded"} {
		w.stop()
		w.loseRecords()
		w.start()
		armed := filepath.Join(points, point)
		if err := os.WriteFile(armed, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		answered := make(chan struct{})
		go func() {
			// Whether it is answered depends on how soon the daemon stops.
			_, _ = w.client.Rebuild(w.ctx(), api.RebuildRequest{})
			close(answered)
		}()
		w.eventually(point+" is reached", func() bool { _, err := os.Stat(armed + ".hit"); return err == nil })
		w.kill()
		<-answered
		w.start()
		if got := w.recorded(); got != all && (got != "" || point != "rebuild-before") {
			t.Errorf("%s: recorded are %q", point, got)
		}
		if _, err := w.client.Rebuild(w.ctx(), api.RebuildRequest{}); err != nil {
			t.Fatal(err)
		}
		w.expectCLI(0, `Nothing to do: 2 backups recorded.*`, ``, "backups", "rebuild")
	}
}

// TestRebuildOnAnEmptyMountPoint runs while the backup disk is not mounted.
func TestRebuildOnAnEmptyMountPoint(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.start()
	w.succeeded(w.full("full"))
	w.succeeded(w.incremental("inc", "full"))
	away := w.backupDir + "-away"
	if err := os.Rename(w.backupDir, away); err != nil {
		t.Fatal(err)
	}
	w.expectCLI(5, ``, `.*`+regexp.QuoteMeta(w.backupDir)+
		`.*check that its disk is mounted; nothing was changed \(503 Service Unavailable\)\n`, "backups", "rebuild", "--prune")
	if err := os.Mkdir(w.backupDir, 0o750); err != nil {
		t.Fatal(err)
	}
	w.expectCLI(5, ``, `.*not one of the backups that are recorded \(2\) is in backup_dir .*: mount its disk; nothing was changed.*`,
		"backups", "rebuild", "--prune")
	const like = `, like those of all others: is the disk of backup_dir mounted\?\n`
	w.expectCLI(7, `.*inc +no folder [^\n]*`+like+`full +no folder [^\n]*`+like+`.*`, `.*`, "backups", "rebuild")
	if got := w.recorded(); got != "full inc<full" {
		t.Errorf("recorded are %s", got)
	}
	if err := os.Remove(w.backupDir); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(away, w.backupDir); err != nil {
		t.Fatal(err)
	}
	w.expectCLI(0, `Nothing to do.*`, ``, "backups", "rebuild", "--prune")
}
