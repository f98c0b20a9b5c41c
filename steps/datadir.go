package steps

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Clients look for these very texts.
var (
	// ErrServerRunning: the data directory is in use.
	ErrServerRunning = errors.New("cannot restore to database, MySQL/MariaDb server is not stopped")
	// ErrDataDirNotEmpty: the data directory holds something.
	ErrDataDirNotEmpty = errors.New("cannot restore to database, mysql/mariadb data directory is not empty (usually /var/lib/mysql)")
	// ErrDataDir: the data directory cannot be restored into as it is.
	ErrDataDir = errors.New("cannot restore to database")
)

// CheckDataDir refuses a restore into the data directory while a server uses
// it or anything lies in it. A refused connection alone proves little, so the
// locks on the data files and the processes working there are asked too.
func (h *Host) CheckDataDir(ctx context.Context) error {
	info, err := os.Stat(h.DataDir)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: the data directory %s does not exist: create it, owned by the user the server runs as", ErrDataDir, h.DataDir)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDataDir, err)
	}
	if !info.IsDir() {
		return fmt.Errorf("%w: %s is not a folder", ErrDataDir, h.DataDir)
	}
	if err := h.checkServerDown(ctx); err != nil {
		return err
	}
	return h.checkEmpty()
}

// lostAndFound is what a new file system brings along; servers ignore it.
const lostAndFound = "lost+found"

func (h *Host) checkEmpty() error {
	entries, err := os.ReadDir(h.DataDir)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDataDir, err)
	}
	for _, e := range entries {
		if e.Name() != lostAndFound {
			return fmt.Errorf("%w: %s holds %s: move its content away", ErrDataDirNotEmpty, h.DataDir, e.Name())
		}
	}
	return nil
}

// checkServerDown looks for a server of this data directory: by the locks it
// holds, by its working folder, and by asking.
func (h *Host) checkServerDown(ctx context.Context) error {
	if pid := lockHolder(h.DataDir); pid != 0 {
		return fmt.Errorf("%w: process %d holds locks in %s: stop the server", ErrServerRunning, pid, h.DataDir)
	}
	if pid := workingIn(h.DataDir); pid != 0 {
		return fmt.Errorf("%w: process %d works in %s: stop the server", ErrServerRunning, pid, h.DataDir)
	}
	return h.checkNoAnswer(ctx)
}

// checkNoAnswer asks the configured server. One that answers for another data
// directory is not the one that must be down.
func (h *Host) checkNoAnswer(ctx context.Context) error {
	if _, err := h.Credentials(); err != nil {
		// No way to ask; the locks and the processes have been looked at.
		return nil
	}
	s, err := h.connect(ctx)
	if errors.Is(err, ErrServerDown) && refusedConnection(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrServerRunning, err)
	}
	defer s.close()
	info, err := s.info(ctx)
	if err == nil {
		if other, statErr := os.Stat(info.DataDir); statErr == nil {
			if own, statErr := os.Stat(h.DataDir); statErr == nil && !os.SameFile(own, other) {
				return nil
			}
		}
	}
	return fmt.Errorf("%w: it answers: stop it", ErrServerRunning)
}

// refusedConnection tells that nobody listens, rather than that somebody does
// not answer.
func refusedConnection(err error) bool {
	return errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ECONNREFUSED)
}

// lockedFiles are the files a running server holds a write lock on, MariaDB's
// and MySQL's; some may lie elsewhere.
var lockedFiles = []string{"ibdata1", "aria_log_control", "ib_logfile0", "mysql.ibd", "undo_001"}

// lockHolder returns the pid of a process that locks a server's files in dir,
// 0 for none.
func lockHolder(dir string) int {
	for _, name := range lockedFiles {
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			continue
		}
		lock := unix.Flock_t{Type: unix.F_WRLCK}
		err = unix.FcntlFlock(f.Fd(), unix.F_GETLK, &lock)
		_ = f.Close()
		if err == nil && lock.Type != unix.F_UNLCK {
			return int(lock.Pid)
		}
	}
	return 0
}

// workingIn returns the pid of a database server whose working folder is dir,
// as it always is its data directory; 0 for none. It finds one whose files
// have been deleted, too.
func workingIn(dir string) int {
	want, err := os.Stat(dir)
	if err != nil {
		return 0
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return 0
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		name, err := os.ReadFile(filepath.Join("/proc", e.Name(), "comm"))
		if err != nil || !strings.HasPrefix(string(name), "mariadbd") && !strings.HasPrefix(string(name), "mysqld") {
			continue
		}
		if cwd, err := os.Stat(filepath.Join("/proc", e.Name(), "cwd")); err == nil && os.SameFile(cwd, want) {
			if _, err := startTicks(pid); err == nil {
				return pid
			}
		}
	}
	return 0
}

// splitOptions are the server's options that put files outside the data
// directory.
var splitOptions = []string{"innodb-log-group-home-dir", "innodb-data-home-dir", "innodb-undo-directory", "aria-log-dir-path"}

// checkLayout refuses a server whose files lie in more than one place: they
// cannot be put into place in one step.
func (h *Host) checkLayout() error {
	if h.ServerDefaultsFile == "" {
		return nil
	}
	file, err := readOptionFile(h.ServerDefaultsFile)
	if err != nil {
		return fmt.Errorf("read server_defaults_file: %w", err)
	}
	options := file.values("mysqld", "server", "mariadb", "mariadbd")
	for _, option := range splitOptions {
		value := options[option]
		if value == "" {
			continue
		}
		if !filepath.IsAbs(value) {
			value = filepath.Join(h.DataDir, value)
		}
		if filepath.Clean(value) != filepath.Clean(h.DataDir) {
			return fmt.Errorf("%w: %s puts %s in %s, outside data_dir: restore to a folder and copy from there", ErrDataDir, h.ServerDefaultsFile, option, value)
		}
	}
	return nil
}

// outside tells whether a folder that a server's option names is another one
// than its data directory. An empty name means that directory.
func outside(dataDir, value string) bool {
	if value != "" && !filepath.IsAbs(value) {
		value = filepath.Join(dataDir, value)
	}
	return value != "" && filepath.Clean(value) != filepath.Clean(dataDir)
}
