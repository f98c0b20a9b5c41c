package persistence

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"dbcalm-db-cmd/persistence/dbfile"
)

// beside returns the names of a database's files with their content.
func beside(t *testing.T, path string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(filepath.Dir(path), e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = string(text)
	}
	return files
}

// written says when the files that hold rows were last written, without opening
// them: to close one would end the locks that SQLite holds in this process.
func written(t *testing.T, path string) string {
	t.Helper()
	text := ""
	for _, suffix := range []string{"", "-wal"} {
		info, err := os.Stat(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		text += fmt.Sprintln(info.Name(), info.Size(), info.ModTime())
	}
	return text
}

func equalFiles(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for name, text := range a {
		if other, there := b[name]; !there || other != text {
			return false
		}
	}
	return true
}

func TestInspectBesideADaemon(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	d.record("full", "")
	before := written(t, d.Store.path)
	found, err := Inspect(t.Context(), d.Store.path, 0)
	if err != nil || found.Schema != len(migrations) || found.Known != found.Schema || found.Damage != nil || found.Size == 0 {
		t.Errorf("got %+v, %v", found, err)
	}
	if len(found.Backups) != 1 || found.Backups[0].ID != "full" {
		t.Errorf("backups %+v", found.Backups)
	}
	if after := written(t, d.Store.path); before != after {
		t.Errorf("a file was written:\n%s\n%s", before, after)
	}
	// The daemon still writes.
	d.record("inc", "full")
	if found, err = Inspect(t.Context(), d.Store.path, 0); err != nil || len(found.Backups) != 2 {
		t.Errorf("got %+v, %v", found, err)
	}
}

func TestInspectWithoutADaemon(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	path := d.Store.path
	d.record("full", "")
	crashed := filepath.Join(t.TempDir(), filepath.Base(path))
	for name, text := range beside(t, path) {
		if err := os.WriteFile(filepath.Join(filepath.Dir(crashed), name), []byte(text), 0o660); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"stopped": path, "killed": crashed} {
		before := beside(t, path)
		found, err := Inspect(t.Context(), path, 0)
		if err != nil || len(found.Backups) != 1 || found.Damage != nil {
			t.Errorf("%s: got %+v, %v", name, found, err)
		}
		if after := beside(t, path); !equalFiles(before, after) {
			t.Errorf("%s: a file was changed: %d, %d", name, len(before), len(after))
		}
	}
	// A copy may lack the file that SQLite makes anew.
	if err := os.Remove(crashed + "-shm"); err != nil {
		t.Fatal(err)
	}
	if _, err := Inspect(t.Context(), crashed, 0); !errors.Is(err, ErrNotInspected) || len(beside(t, crashed)) != 2 {
		t.Errorf("without -shm: %v, %d files", err, len(beside(t, crashed)))
	}
}

func TestInspectFindsWhatIsOpen(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	o := d.accept(operation("busy"), Claim{BackupID: "new", Use: Makes})
	found, err := Inspect(t.Context(), d.Store.path, 0)
	if err != nil || !found.Open[o.ID] || !found.Used["new"] || len(found.Open) != 1 {
		t.Errorf("got %+v, %v", found, err)
	}
}

func TestInspectFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := Inspect(t.Context(), filepath.Join(dir, "none"), 0); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	if _, err := Inspect(t.Context(), dir, 0); err == nil {
		t.Error("a folder was taken for a database")
	}
	path := filepath.Join(dir, "text.sqlite3")
	if err := os.WriteFile(path, []byte("this is no database, and long enough to look at\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var explained *dbfile.Error
	if _, err := Inspect(t.Context(), path, 0); !errors.As(err, &explained) {
		t.Errorf("no database: %v", err)
	}
	// An empty file is a database without a table, as the API server may make it.
	empty := filepath.Join(dir, "empty.sqlite3")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if found, err := Inspect(t.Context(), empty, 0); err != nil || found.Schema != 0 || found.Damage != nil {
		t.Errorf("an empty file: %+v, %v", found, err)
	}

	d := openNew(t)
	d.record("full", "")
	if _, err := d.write.Exec(`INSERT INTO operation_schema (version) VALUES (999)`); err != nil {
		t.Fatal(err)
	}
	if found, err := Inspect(t.Context(), d.Store.path, 0); !errors.Is(err, ErrNewer) || found.Schema != 999 || len(found.Backups) != 1 {
		t.Errorf("a newer one: %+v, %v", found, err)
	}
}

func TestInspectFindsDamage(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	path := d.Store.path
	d.record("full", "")
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	db := outsider(t, path)
	run(t, db, `CREATE TABLE other (a)`, `INSERT INTO other VALUES (NULL)`)
	db.SetMaxOpenConns(1)
	run(t, db, `PRAGMA writable_schema = ON`, `UPDATE sqlite_master SET sql = 'CREATE TABLE other (a NOT NULL)' WHERE name = 'other'`)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if found, err := Inspect(t.Context(), path, 0); err != nil || !slices.Equal(found.Damage, []string{"NULL value in other.a"}) {
		t.Errorf("got %+v, %v", found, err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const page = 4096
	for i := 3 * page; i < len(file); i++ {
		file[i] = 0xa5
	}
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	var explained *dbfile.Error
	if found, err := Inspect(t.Context(), path, 0); !errors.As(err, &explained) || explained.Hint != dbfile.CorruptHint {
		t.Errorf("got %+v, %v", found, err)
	}
}
