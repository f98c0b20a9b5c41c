package persistence

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/persistence/dbfile"
)

// Inspection is what a look at a database from outside has found.
type Inspection struct {
	// Size is that of the file in bytes, with what is still in its -wal.
	Size int64
	// Schema is the version of the tables of our own, 0 where there are none, as
	// in a shared file whose tables have been moved; Known is the one that this
	// program makes.
	Schema, Known int
	// Damage is what SQLite finds wrong, at most so many lines.
	Damage []string
	// Partly says that it has not read all of the file: the patience ended first.
	Partly bool
	// Backups are the recorded ones, oldest first.
	Backups []Backup
	// Open are the operations that are not over, Used the backups that they
	// use.
	Open, Used map[string]bool
}

// ErrNotInspected: to read the database, its files would have to be changed. A
// daemon that starts does so.
var ErrNotInspected = errors.New("the database cannot be read without changing it; the daemon can, when it starts")

// damageLines is how much is told of a damaged file.
const damageLines = 5

// Inspect looks at a database, the ledger or the shared file, while others may write it, and changes nothing,
// not even the files beside it. A file that is not there is fs.ErrNotExist, one
// of a newer program ErrNewer, with what was found before, and one that it has
// to leave alone ErrNotInspected. Damage may also be an *Error. Damage is looked
// for no longer than the patience, 0 for as long as it takes.
func Inspect(ctx context.Context, path string, patience time.Duration) (Inspection, error) {
	const tries = 5
	for try := 1; ; try++ {
		before, err := versionOf(path)
		if err != nil {
			return Inspection{}, err
		}
		found, err := inspect(ctx, path, before.quiet, patience)
		after, statErr := versionOf(path)
		// A file that was taken for one that nobody writes must not have been
		// written: what was read of it may be torn.
		if !before.quiet || statErr == nil && after == before || try == tries || ctx.Err() != nil {
			found.Size = before.size
			return found, err
		}
	}
}

// fileVersion reports whether a database's file was written.
type fileVersion struct {
	size     int64
	modified time.Time
	// quiet tells that nobody has it open to write it: SQLite makes the -wal
	// file first.
	quiet bool
}

func versionOf(path string) (fileVersion, error) {
	info, err := os.Stat(path)
	if err != nil {
		return fileVersion{}, fmt.Errorf("look at the database: %w", err)
	}
	if !info.Mode().IsRegular() {
		return fileVersion{}, fmt.Errorf("look at the database: %s is no file: correct its path", path)
	}
	// SQLite does not tell a file that may not be read from one that cannot be.
	if err := unix.Access(path, unix.R_OK); err != nil {
		return fileVersion{}, fmt.Errorf("read the database: %w", &os.PathError{Op: "access", Path: path, Err: err})
	}
	v := fileVersion{size: info.Size(), modified: info.ModTime()}
	wal, err := os.Stat(path + "-wal")
	v.quiet = errors.Is(err, fs.ErrNotExist)
	if err == nil {
		v.size += wal.Size()
	}
	if _, err := os.Stat(path + "-shm"); !v.quiet && errors.Is(err, fs.ErrNotExist) {
		return v, fmt.Errorf("%w: %s-wal is there without %s-shm", ErrNotInspected, path, path)
	}
	return v, nil
}

func inspect(ctx context.Context, path string, quiet bool, patience time.Duration) (Inspection, error) {
	// Without a -wal file, SQLite would make one to read: unless it is told that
	// nobody writes. https://www.sqlite.org/wal.html#read_only_databases
	q := url.Values{"mode": {"ro"}, "_pragma": {fmt.Sprintf("busy_timeout(%d)", dbfile.BusyTimeout.Milliseconds())}}
	if quiet {
		q.Set("immutable", "1")
	} else {
		q.Set("readonly_shm", "1")
	}
	l := &ledger{path: path}
	var err error
	if l.read, err = sql.Open("sqlite", dbfile.URL(path, q)); err != nil {
		return Inspection{}, l.explain("inspect database", err)
	}
	l.asked = dbfile.NewStatements(l.read)
	defer l.close()
	found := Inspection{Known: len(migrations)}
	if err := found.lookForDamage(ctx, l, patience); err != nil {
		return found, l.explain("inspect database", err)
	}
	return found, l.explain("inspect database", found.readRecords(ctx, l))
}

func (found *Inspection) lookForDamage(ctx context.Context, l *ledger, patience time.Duration) error {
	looking, cancel := context.WithCancel(ctx)
	if patience > 0 {
		looking, cancel = context.WithTimeout(ctx, patience)
	}
	defer cancel()
	lines, err := column(looking, l.read, fmt.Sprintf(`PRAGMA integrity_check(%d)`, damageLines))
	switch {
	case err != nil && looking.Err() != nil && ctx.Err() == nil:
		found.Partly = true
		return nil
	case err != nil:
		return err
	case len(lines) != 1 || lines[0] != "ok":
		found.Damage = lines
	}
	return nil
}

// readRecords reads what the tables say that are there.
func (found *Inspection) readRecords(ctx context.Context, l *ledger) error {
	names, err := column(ctx, l.read, `SELECT name FROM sqlite_master WHERE type = 'table'`)
	if err != nil {
		return err
	}
	there := map[string]bool{}
	for _, name := range names {
		there[name] = true
	}
	if there["backup"] {
		columns, err := column(ctx, l.read, `SELECT name FROM pragma_table_info('backup')`)
		if err != nil {
			return err
		}
		latest := `'', '', 0`
		if slices.Contains(columns, "manifest_sha256") {
			latest = "manifest_sha256, store, 0"
		}
		if found.Backups, err = l.backupsOf(ctx, latest, `ORDER BY start_time, id`); err != nil {
			return err
		}
	}
	if !there["operation_schema"] {
		return nil
	}
	if err := l.read.QueryRowContext(ctx, `SELECT coalesce(max(version), 0) FROM operation_schema`).Scan(&found.Schema); err != nil {
		return err
	}
	if found.Schema > found.Known {
		return fmt.Errorf("%w: schema version %d, this program knows %d", ErrNewer, found.Schema, found.Known)
	}
	if found.Schema == 0 {
		return nil
	}
	open, err := column(ctx, l.read, `SELECT id FROM operation WHERE status IN ('waiting', 'running')`)
	if err != nil {
		return err
	}
	claims, err := l.OpenClaims(ctx)
	if err != nil {
		return err
	}
	found.Open, found.Used = map[string]bool{}, map[string]bool{}
	for _, id := range open {
		found.Open[id] = true
	}
	for _, claim := range claims {
		found.Used[claim.BackupID] = true
	}
	return nil
}
