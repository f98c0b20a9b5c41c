package persistence

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

	"golang.org/x/sys/unix"
	"modernc.org/sqlite"
)

// fileMode lets the API server, another user of the same group, write the
// shared file.
const fileMode = 0o660

// fileIdentity tells one file from another of the same name. Inode numbers are
// given anew, so a file's birth counts, where the file system knows it; device
// numbers may change with a restart of the machine, so they count only where it
// does not.
type fileIdentity struct {
	device, inode uint64
	birth         int64
}

func (f fileIdentity) same(other fileIdentity) bool {
	if f.birth != 0 && other.birth != 0 {
		return f.inode == other.inode && f.birth == other.birth
	}
	return f.inode == other.inode && f.device == other.device
}

// errNoFile: what lies in a database's place cannot be trusted to be that alone.
var errNoFile = errors.New("it cannot be opened: it is a folder, a link, a file with a second name or something else")

// identify looks at a file without following a link: a link in a folder that
// others may write leads wherever they want.
func identify(path string) (fileIdentity, error) {
	var info unix.Statx_t
	if err := unix.Statx(unix.AT_FDCWD, path, unix.AT_SYMLINK_NOFOLLOW, unix.STATX_BASIC_STATS|unix.STATX_BTIME, &info); err != nil {
		return fileIdentity{}, &os.PathError{Op: "statx", Path: path, Err: err}
	}
	if info.Mode&unix.S_IFMT != unix.S_IFREG || info.Nlink != 1 {
		return fileIdentity{}, &Error{Op: "open", Path: path, Err: errNoFile, Hint: "put a file of its own there, or correct database_path"}
	}
	f := fileIdentity{device: unix.Mkdev(info.Dev_major, info.Dev_minor), inode: info.Ino}
	if info.Mask&unix.STATX_BTIME != 0 {
		f.birth = info.Btime.Sec*1e9 + int64(info.Btime.Nsec)
	}
	return f, nil
}

// sharedFile is the shared file as it is open now.
type sharedFile struct {
	path     string
	identity fileIdentity
	// beside is the -wal file's identity.
	beside fileIdentity
	write  *sql.DB
	read   *sql.DB

	// hasSize: the backup table has the column size. Older makers left it out.
	hasSize bool
	// counted: ids of process are never given twice (AUTOINCREMENT).
	counted bool

	mu sync.Mutex
	// watch is the connection by which changes of others are noticed, seen its
	// data_version when they last were.
	watch *sql.Conn
	seen  int64
}

// openShared opens the file at path, makes it and its tables where they are
// missing, and finds out by whom they were made.
func openShared(ctx context.Context, path string) (*sharedFile, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o770); err != nil {
		return nil, fmt.Errorf("create folder of the shared file: %w", err)
	}
	if err := createFile(path); err != nil {
		return nil, err
	}
	f := &sharedFile{path: path}
	var err error
	if f.identity, err = identify(path); err != nil {
		return nil, explainAt(path, "open shared file", err)
	}
	// What others have put into the schema, a trigger for example, must not call
	// functions that reach beyond it.
	pragmas := []string{"trusted_schema(OFF)"}
	if f.write, err = sql.Open("sqlite", dsn(path, true, pragmas)); err != nil {
		return nil, explainAt(path, "open shared file", err)
	}
	f.write.SetMaxOpenConns(1)
	if f.read, err = sql.Open("sqlite", dsn(path, false, append(pragmas, "query_only(ON)"))); err != nil {
		_ = f.close()
		return nil, explainAt(path, "open shared file", err)
	}
	f.read.SetMaxOpenConns(1)
	if err := f.prepare(ctx); err != nil {
		_ = f.close()
		return nil, explainAt(path, "open shared file", err)
	}
	return f, nil
}

// prepare makes what is missing and reads how the tables are made.
func (f *sharedFile) prepare(ctx context.Context) error {
	if err := f.makeTables(ctx); err != nil {
		return err
	}
	var verdict string
	if err := f.read.QueryRowContext(ctx, `PRAGMA quick_check(1)`).Scan(&verdict); err != nil {
		return err
	}
	if verdict != "ok" {
		return &Error{Op: "check shared file", Path: f.path, Hint: corruptHint, Err: fmt.Errorf("damaged: %s", verdict)}
	}
	if err := f.read.QueryRowContext(ctx, `SELECT count(*) > 0 FROM pragma_table_info('backup') WHERE name = 'size'`).Scan(&f.hasSize); err != nil {
		return err
	}
	if err := f.read.QueryRowContext(ctx, `SELECT count(*) > 0 FROM sqlite_master WHERE type = 'table' AND name = 'process' AND sql LIKE '%AUTOINCREMENT%'`).
		Scan(&f.counted); err != nil {
		return err
	}
	var err error
	if f.watch, err = f.read.Conn(ctx); err != nil {
		return err
	}
	// A file that was replaced while it was opened is another one.
	if now, err := identify(f.path); err != nil || !now.same(f.identity) {
		return fmt.Errorf("%s was replaced while it was opened: %w", f.path, errors.Join(err, errLost))
	}
	f.beside, err = identify(f.path + "-wal")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// close closes the file.
func (f *sharedFile) close() error {
	f.mu.Lock()
	if f.watch != nil {
		_ = f.watch.Close()
	}
	f.mu.Unlock()
	var errs []error
	for _, db := range []*sql.DB{f.read, f.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return explainAt(f.path, "close shared file", errors.Join(errs...))
}

// abandon closes a file that has lost its name. SQLite must not remove the -wal
// file of that name when it does: it may be another database's by now. One that
// is still the lost file's own would be taken for the next one's, and is
// removed first.
func (f *sharedFile) abandon(ctx context.Context) {
	keepWAL := func(driver any) error {
		_, err := driver.(sqlite.FileControl).FileControlPersistWAL("main", 1)
		return err
	}
	if conn, err := f.write.Conn(ctx); err == nil {
		_ = conn.Raw(keepWAL)
		_ = conn.Close()
	}
	f.mu.Lock()
	_ = f.watch.Raw(keepWAL)
	f.mu.Unlock()
	if now, err := identify(f.path + "-wal"); err == nil && now.same(f.beside) {
		_ = os.Remove(f.path + "-wal")
		_ = os.Remove(f.path + "-shm")
	}
	_ = f.close()
}

// createFile makes the database with the shared mode whatever the umask is,
// and gives it its folder's group; SQLite copies both to the -wal and -shm
// files. An existing file is left as it is.
func createFile(path string) error {
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

// makeTables makes what is missing of the contract, and writes nothing if
// nothing is.
func (f *sharedFile) makeTables(ctx context.Context) error {
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
func (f *sharedFile) missing(ctx context.Context) ([]string, error) {
	var statements []string
	var tables int
	if err := f.write.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN ('process', 'backup', 'restore')`).Scan(&tables); err != nil {
		return nil, err
	}
	if tables < 3 {
		statements = append(statements, contractTables)
	}
	for _, index := range sharedIndexes {
		name := fmt.Sprintf("idx_%s_%s", index.table, index.column)
		var ours, theirs int
		err := f.write.QueryRowContext(ctx, `SELECT coalesce(sum(l.name = ?3), 0), coalesce(sum(l.name <> ?3), 0) FROM pragma_index_list(?1) l
			WHERE l.partial = 0 AND (SELECT group_concat(name) FROM pragma_index_info(l.name)) = ?2`, index.table, index.column, name).Scan(&ours, &theirs)
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
