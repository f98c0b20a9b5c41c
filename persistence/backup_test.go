package persistence

import (
	"errors"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestBackupIsRecordedWithTheTransition(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	d.record("full", "")
	o := d.accept(operation("op"))
	want := Backup{ID: "inc", FromBackupID: "full", StartTime: noon, EndTime: pointer(minute(1)), Size: pointer(int64(1 << 40))}
	d.apply(step(o, "ok", "done", func(c *Change) { c.Status, c.Backup = Succeeded, pointer(want) }))
	want.ProcessID = d.newest("op").ID
	if got, err := d.Backup(t.Context(), "inc"); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	if _, err := d.Backup(t.Context(), "nonsense"); !errors.Is(err, ErrNotFound) {
		t.Errorf("unknown backup: %v", err)
	}
}

// What the ledger has made it knows again, when its record is long gone.
func TestManifestsMadeHereAreRemembered(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	for _, sum := range []string{"one", ""} {
		o := d.accept(operation("op" + sum))
		d.apply(step(o, "ok", "done", func(c *Change) {
			c.Status, c.Backup = Succeeded, &Backup{ID: "b" + sum, StartTime: noon, ManifestSHA256: sum}
		}))
	}
	if b, err := d.Backup(t.Context(), "bone"); err != nil || b.ManifestSHA256 != "one" {
		t.Errorf("%+v, %v", b, err)
	}
	d.apply(step(d.accept(operation("delete")), "ok", "done", func(c *Change) { c.Status, c.DeleteBackup = Succeeded, "bone" }))
	_, _, err := d.Rebuild(t.Context(), Rebuild{Found: []FoundBackup{{Backup: Backup{ID: "stranger", StartTime: noon, ManifestSHA256: "two"},
		Process: Process{CommandID: "x", StartTime: noon, Type: TypeBackup}}}})
	if err != nil {
		t.Fatal(err)
	}
	if b, err := d.Backup(t.Context(), "stranger"); err != nil || b.ManifestSHA256 != "two" {
		t.Errorf("%+v, %v", b, err)
	}
	if made, err := d.MadeHere(t.Context()); err != nil || !reflect.DeepEqual(made, map[string]bool{"one": true}) {
		t.Errorf("made here: %v, %v", made, err)
	}
}

// A backup that was recorded before manifests were remembered gets its
// manifest's SHA-256 from the first verification that passes; no later one
// changes it.
func TestManifestBecomesKnownByAVerification(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	d.record("b", "")
	for i, test := range []struct{ proved, want string }{{"", ""}, {"one", "one"}, {"two", "one"}} {
		d.verify(i+1, Verdict{BackupID: "b", MadeBy: "maker", Level: LevelChecksum, ManifestSHA256: test.proved})
		if b, err := d.Backup(t.Context(), "b"); err != nil || b.ManifestSHA256 != test.want {
			t.Errorf("after %q: %+v, %v", test.proved, b, err)
		}
	}
	if made, err := d.MadeHere(t.Context()); err != nil || len(made) != 0 {
		t.Errorf("made here: %v, %v", made, err)
	}
}

// The ledger of an earlier program, inspected before it is migrated and opened
// afterwards.
func TestManifestsOfAnEarlierLedgerAreUnknown(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "earlier.sqlite3")
	db := outsider(t, path)
	before := slices.IndexFunc(migrations, func(m migration) bool { return strings.Contains(m.sql, "CREATE TABLE backup_made") })
	if err := migrateTo(t.Context(), db, before); err != nil {
		t.Fatal(err)
	}
	run(t, db, `INSERT INTO backup (id, start_time) VALUES ('b', '2026-03-04 12:00:00.000000+00:00')`)
	found, err := Inspect(t.Context(), path, 0)
	if err != nil || len(found.Backups) != 1 || found.Backups[0].ManifestSHA256 != "" {
		t.Fatalf("%+v, %v", found, err)
	}
	if err := migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if got := read(t, db, `SELECT manifest_sha256 FROM backup`); got != "" {
		t.Errorf("its manifest became known: %s", got)
	}
}

func TestScheduleIsRecordedOnlyIfItIsThere(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		setup []string
		asked *int64
		want  string
	}{
		{"none asked for", nil, nil, "NULL"},
		{"no table", nil, pointer(int64(7)), "NULL"},
		{"no row", []string{`CREATE TABLE schedule (id INTEGER PRIMARY KEY)`}, pointer(int64(7)), "NULL"},
		{"there", []string{`CREATE TABLE schedule (id INTEGER PRIMARY KEY)`, `INSERT INTO schedule VALUES (7)`}, pointer(int64(7)), "7"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := openNew(t)
			db := outsider(t, d.path)
			run(t, db, test.setup...)
			d.apply(step(d.accept(operation("op")), "ok", "done", func(c *Change) {
				c.Status, c.Backup = Succeeded, &Backup{ID: "b", ScheduleID: test.asked, StartTime: noon}
			}))
			if got := read(t, db, `SELECT schedule_id FROM backup`); got != test.want {
				t.Errorf("schedule_id is %s, want %s", got, test.want)
			}
		})
	}
}

func TestBackupWhoseParentIsGoneIsNotRecorded(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	o := d.accept(operation("op"))
	_, err := d.Apply(t.Context(), step(o, "ok", "done", func(c *Change) {
		c.Status, c.Backup = Succeeded, &Backup{ID: "inc", FromBackupID: "full", StartTime: noon}
	}))
	d.refused(err, ErrParentGone, o)
	if row := d.newest("op"); row.Status != "running" {
		t.Errorf("process row: %+v", row)
	}
}

// A program without foreign keys takes a backup out of the middle of a chain.
func TestBackupOnABrokenChainIsNotRecorded(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	d.record("full", "")
	d.record("middle", "full")
	o := d.accept(operation("op"))
	run(t, outsider(t, d.path), `PRAGMA foreign_keys = OFF`, `DELETE FROM backup WHERE id = 'full'`)
	_, err := d.Apply(t.Context(), step(o, "ok", "done", func(c *Change) {
		c.Status, c.Backup = Succeeded, &Backup{ID: "inc", FromBackupID: "middle", StartTime: noon}
	}))
	d.refused(err, ErrParentGone, o)
}

func TestRestoreIsRecordedWithTheTransition(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	d.record("full", "")
	o := d.accept(operation("op"))
	d.apply(step(o, "ok", "done", func(c *Change) {
		c.Status = Succeeded
		c.Restore = &Restore{BackupID: "full", BackupTimestamp: minute(-5), Target: "folder", TargetPath: "/b/restores/x/full",
			StartTime: noon, EndTime: minute(3)}
	}))
	db := outsider(t, d.path)
	const row = `SELECT backup_id || '|' || backup_timestamp || '|' || target || '|' || target_path || '|' ||
		start_time || '|' || end_time || '|' || process_id FROM restore`
	want := "full|2026-03-04 11:55:00.123456+00:00|folder|/b/restores/x/full|" +
		"2026-03-04 12:00:00.123456+00:00|2026-03-04 12:03:00.123456+00:00|2"
	if got := read(t, db, row); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestDeletedBackupTakesItsRestoresAlongAndKeepsProcesses(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	d.record("full", "")
	d.record("other", "")
	for _, id := range []string{"full", "other"} {
		o := d.accept(operation("restore-" + id))
		d.apply(step(o, "ok", "done", func(c *Change) {
			c.Status, c.Restore = Succeeded, &Restore{BackupID: id, BackupTimestamp: noon, StartTime: noon, EndTime: noon}
		}))
	}
	o := d.accept(operation("delete"), Claim{BackupID: "full", Use: Deletes})
	d.apply(step(o, "ok", "done", func(c *Change) { c.Status, c.DeleteBackup = Succeeded, "full" }))
	db := outsider(t, d.path)
	same(t, "backups left", list(t, db, `SELECT id FROM backup`), []string{"other"})
	same(t, "restores left", list(t, db, `SELECT backup_id FROM restore`), []string{"other"})
	if n := read(t, db, `SELECT count(*) FROM process`); n != "5" {
		t.Errorf("%s process rows are left of 5", n)
	}
	// Done again it finds nothing and is content.
	d.apply(step(d.accept(operation("again")), "ok", "done", func(c *Change) { c.Status, c.DeleteBackup = Succeeded, "full" }))
}

func TestBackupsAndChildrenAreListedOldestFirst(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	for _, b := range []struct {
		id, from string
		minute   int
	}{{"c", "", 3}, {"a", "", 1}, {"c2", "c", 5}, {"c1", "c", 4}, {"c11", "c1", 6}, {"b", "", 1}} {
		d.apply(step(d.accept(operation(b.id)), "ok", "done", func(c *Change) {
			c.Status, c.Backup = Succeeded, &Backup{ID: b.id, FromBackupID: b.from, StartTime: minute(b.minute)}
		}))
	}
	all, err := d.Backups(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	same(t, "backups", names(all), []string{"a", "b", "c", "c1", "c2", "c11"})
	for id, want := range map[string][]string{"c": {"c1", "c2"}, "c1": {"c11"}, "a": nil, "nonsense": nil} {
		children, err := d.Children(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "children of "+id, names(children), want)
	}
}

func names(backups []Backup) (ids []string) {
	for _, b := range backups {
		ids = append(ids, b.ID)
	}
	return ids
}
