package shared

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	"modernc.org/sqlite"

	"dbcalm-db-cmd/persistence/dbfile"
)

// fileMode lets the API server, another user of the same group, write the
// shared file.
const fileMode = 0o660

// Identity tells one file from another of the same name. Inode numbers are
// given anew, so a file's birth counts, where the file system knows it; device
// numbers may change with a restart of the machine, so they count only where it
// does not.
type Identity struct {
	Device, Inode uint64
	Birth         int64
}

// Same reports whether both are of one file.
func (f Identity) Same(other Identity) bool {
	if f.Birth != 0 && other.Birth != 0 {
		return f.Inode == other.Inode && f.Birth == other.Birth
	}
	return f.Inode == other.Inode && f.Device == other.Device
}

// errNoFile: what lies in a database's place cannot be trusted to be that alone.
var errNoFile = errors.New("it cannot be opened: it is a folder, a link, a file with a second name or something else")

// Identify looks at a file without following a link: a link in a folder that
// others may write leads wherever they want.
func Identify(path string) (Identity, error) {
	var info unix.Statx_t
	if err := unix.Statx(unix.AT_FDCWD, path, unix.AT_SYMLINK_NOFOLLOW, unix.STATX_BASIC_STATS|unix.STATX_BTIME, &info); err != nil {
		return Identity{}, &os.PathError{Op: "statx", Path: path, Err: err}
	}
	if info.Mode&unix.S_IFMT != unix.S_IFREG || info.Nlink != 1 {
		return Identity{}, &dbfile.Error{Op: "open", Path: path, Err: errNoFile, Hint: "put a file of its own there, or correct database_path"}
	}
	f := Identity{Device: unix.Mkdev(info.Dev_major, info.Dev_minor), Inode: info.Ino}
	if info.Mask&unix.STATX_BTIME != 0 {
		f.Birth = info.Btime.Sec*1e9 + int64(info.Btime.Nsec)
	}
	return f, nil
}

// File is the shared file as it is open now.
type File struct {
	path     string
	Identity Identity
	// beside is the -wal file's identity.
	beside Identity
	write  *sql.DB
	read   *sql.DB
	// said is what is written, understood once.
	said *dbfile.Statements

	// hasSize: the backup table has the column size. Older makers left it out.
	hasSize bool
	// counted: ids of process are never given twice (AUTOINCREMENT).
	counted bool
	// rigid is why the file cannot give back what it no longer needs; nil if it can.
	rigid error
	// examination is the look for damage, which of a large file goes on.
	examination *dbfile.Examination

	mu sync.Mutex
	// Watch is the connection by which changes are noticed, seen its data_version
	// when they last were, and seenOfOthers that of the connection that writes.
	Watch              *sql.Conn
	seen, seenOfOthers int64
}

// Open opens the file at path, makes it and its tables where they are
// missing, and finds out by whom they were made. The look for damage in a large
// one begins after so long.
func Open(ctx context.Context, path string, examineAfter time.Duration) (*File, error) {
	// #nosec G301 -- other programs of the folder's group write there
	if err := os.MkdirAll(filepath.Dir(path), 0o770); err != nil {
		return nil, fmt.Errorf("create folder of the shared file: %w", err)
	}
	if err := createFile(path); err != nil {
		return nil, err
	}
	f := &File{path: path}
	var err error
	if f.Identity, err = Identify(path); err != nil {
		return nil, dbfile.Explain(path, "open shared file", err)
	}
	// What others have put into the schema, a trigger for example, must not call
	// functions that reach beyond it.
	pragmas := []string{"trusted_schema(OFF)"}
	if f.write, err = sql.Open("sqlite", dbfile.DSN(path, true, pragmas)); err != nil {
		return nil, dbfile.Explain(path, "open shared file", err)
	}
	f.write.SetMaxOpenConns(1)
	f.said = dbfile.NewStatements(f.write)
	if f.read, err = sql.Open("sqlite", dbfile.DSN(path, false, append(pragmas, "query_only(ON)"))); err != nil {
		_ = f.Close()
		return nil, dbfile.Explain(path, "open shared file", err)
	}
	f.read.SetMaxOpenConns(1)
	if err := f.prepare(ctx, examineAfter); err != nil {
		_ = f.Close()
		return nil, dbfile.Explain(path, "open shared file", err)
	}
	return f, nil
}

// prepare makes what is missing and reads how the tables are made.
func (f *File) prepare(ctx context.Context, examineAfter time.Duration) error {
	// Made by another program, it is written anew for this, unless that one is just
	// at work in it: the next start tries again.
	f.rigid = dbfile.MakeShrinkable(ctx, f.write)
	if err := f.MakeTables(ctx); err != nil {
		return err
	}
	var err error
	if f.examination, err = dbfile.Examine(ctx, f.path, "check shared file", examineAfter, func(error) {}); err != nil {
		return err
	}
	sized := f.read.QueryRowContext(ctx, `SELECT count(*) > 0 FROM pragma_table_info('backup') WHERE name = 'size'`)
	if err := sized.Scan(&f.hasSize); err != nil {
		return err
	}
	counted := f.read.QueryRowContext(ctx, `SELECT count(*) > 0 FROM sqlite_master
		WHERE type = 'table' AND name = 'process' AND sql LIKE '%AUTOINCREMENT%'`)
	if err := counted.Scan(&f.counted); err != nil {
		return err
	}
	if f.Watch, err = f.read.Conn(ctx); err != nil {
		return err
	}
	// A file that was replaced while it was opened is another one.
	if now, err := Identify(f.path); err != nil || !now.Same(f.Identity) {
		return fmt.Errorf("%s was replaced while it was opened: %w", f.path, errors.Join(err, ErrLost))
	}
	f.beside, err = Identify(f.path + "-wal")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Shrink gives back pages that hold nothing, at most so many, and reports whether
// there are more to give.
func (f *File) Shrink(ctx context.Context, most int) (more bool, err error) {
	if f.rigid != nil {
		return false, f.rigid
	}
	return dbfile.Shrink(ctx, f.write, most)
}

// Damage returns what is known to be damaged in the file.
func (f *File) Damage() error { return f.examination.Damage() }

// Close closes the file.
func (f *File) Close() error {
	if f.examination != nil {
		f.examination.Stop()
	}
	f.mu.Lock()
	if f.Watch != nil {
		_ = f.Watch.Close()
	}
	f.mu.Unlock()
	var errs []error
	for _, db := range []*sql.DB{f.read, f.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return dbfile.Explain(f.path, "close shared file", errors.Join(errs...))
}

// Abandon closes a file that has lost its name. SQLite must not remove the -wal
// file of that name when it does: it may be another database's by now. One that
// is still the lost file's own would be taken for the next one's, and is
// removed first.
func (f *File) Abandon(ctx context.Context) {
	// None of the connections that are left must be closed before all know that.
	f.examination.Stop()
	keepWAL := func(driver any) error {
		_, err := driver.(sqlite.FileControl).FileControlPersistWAL("main", 1)
		return err
	}
	if conn, err := f.write.Conn(ctx); err == nil {
		_ = conn.Raw(keepWAL)
		_ = conn.Close()
	}
	f.mu.Lock()
	_ = f.Watch.Raw(keepWAL)
	f.mu.Unlock()
	if now, err := Identify(f.path + "-wal"); err == nil && now.Same(f.beside) {
		_ = os.Remove(f.path + "-wal")
		_ = os.Remove(f.path + "-shm")
	}
	_ = f.Close()
}

// createFile makes the database with the shared mode whatever the umask is,
// and gives it its folder's group; SQLite copies both to the -wal and -shm
// files. An existing file is left as it is.
func createFile(path string) error {
	// #nosec G304 -- database_path of the configuration
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, fileMode)
	if os.IsExist(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("create shared file: %w", err)
	}
	defer f.Close()
	if err := f.Chmod(fileMode); err != nil {
		return fmt.Errorf("set mode of the shared file: %w", err)
	}
	folder, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("create shared file: %w", err)
	}
	if owner, ok := folder.Sys().(*syscall.Stat_t); ok {
		// An ordinary user may not be a member of the folder's group; its own
		// group is then the one that shares the file.
		if err := f.Chown(-1, int(owner.Gid)); err != nil && !os.IsPermission(err) {
			return fmt.Errorf("set group of the shared file: %w", err)
		}
	}
	return nil
}

// MakeTables makes what is missing of the contract, and writes nothing if
// nothing is.
func (f *File) MakeTables(ctx context.Context) error {
	statements, err := f.missing(ctx)
	if err != nil || len(statements) == 0 {
		return err
	}
	tx, err := f.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, strings.Join(statements, ";\n")); err != nil {
		return err
	}
	return tx.Commit()
}

// missing returns the statements that make the contract's tables and indexes
// where they are not there, whatever the indexes are called: another program
// makes the same ones under names of its own. Ours that double them go.
func (f *File) missing(ctx context.Context) ([]string, error) {
	var statements []string
	var tables int
	known := f.write.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master
		WHERE type = 'table' AND name IN ('process', 'backup', 'restore')`)
	if err := known.Scan(&tables); err != nil {
		return nil, err
	}
	if tables < 3 {
		statements = append(statements, Tables)
	}
	for _, index := range indexes {
		name := fmt.Sprintf("idx_%s_%s", index.table, index.column)
		var ours, theirs int
		err := f.write.QueryRowContext(ctx, `SELECT coalesce(sum(l.name = ?3), 0), coalesce(sum(l.name <> ?3), 0) FROM pragma_index_list(?1) l
			WHERE l.partial = 0 AND (SELECT group_concat(name) FROM pragma_index_info(l.name)) = ?2`,
			index.table, index.column, name).Scan(&ours, &theirs)
		if err != nil {
			return nil, err
		}
		switch {
		case ours+theirs == 0:
			statements = append(statements, fmt.Sprintf("CREATE INDEX IF NOT EXISTS %s ON %s(%s)", name, index.table, index.column))
		case ours > 0 && theirs > 0:
			statements = append(statements, "DROP INDEX IF EXISTS "+name)
		}
	}
	return statements, nil
}

// ErrLost: the shared file is not the one that was written.
var ErrLost = errors.New("it was lost")
