package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/job"
)

// dataBirth returns when a data directory's system tablespace was created; the
// zero time where the file system does not tell, or where that file lies
// elsewhere. It tells a data directory from any that took its place, whoever
// put it there: a server's ids do not, since MariaDB makes its server_uid of
// the machine's address and the port.
func dataBirth(dataDir string) time.Time {
	var st unix.Statx_t
	err := unix.Statx(unix.AT_FDCWD, filepath.Join(dataDir, LastEntry), 0, unix.STATX_BTIME, &st)
	if err != nil || st.Mask&unix.STATX_BTIME == 0 {
		return time.Time{}
	}
	return time.Unix(st.Btime.Sec, int64(st.Btime.Nsec)).UTC()
}

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
func (srv *Server) CheckDataDir(ctx context.Context) error {
	info, err := os.Stat(srv.DataDir)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: the data directory %s does not exist: create it, owned by the user the server runs as", ErrDataDir, srv.DataDir)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDataDir, err)
	}
	if !info.IsDir() {
		return fmt.Errorf("%w: %s is not a folder", ErrDataDir, srv.DataDir)
	}
	if err := srv.CheckDown(ctx); err != nil {
		return err
	}
	return srv.CheckEmpty()
}

// LostAndFound is what a new file system brings along; servers ignore it.
const LostAndFound = "lost+found"

// CheckEmpty refuses a data directory that holds anything but what a stopped
// server leaves: that is moved aside before anything goes into place.
func (srv *Server) CheckEmpty() error {
	entries, err := os.ReadDir(srv.DataDir)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDataDir, err)
	}
	for _, e := range entries {
		if e.Name() != LostAndFound && !isLeftover(e) {
			return fmt.Errorf("%w: %s holds %s: move its content away", ErrDataDirNotEmpty, srv.DataDir, e.Name())
		}
	}
	return nil
}

// leftByServer are the names of what a server leaves in its data directory when it
// has stopped or crashed, and the next one makes anew.
var leftByServer = []string{"*.pid", "*.sock", "*.err", "ib_buffer_pool"}

func isLeftover(e fs.DirEntry) bool {
	return !e.IsDir() && slices.ContainsFunc(leftByServer, func(pattern string) bool {
		// The patterns are right.
		matches, _ := filepath.Match(pattern, e.Name())
		return matches
	})
}

// Leftovers lists what a stopped server has left in a data directory.
func Leftovers(dataDir string) ([]string, error) {
	entries, err := os.ReadDir(dataDir)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDataDir, err)
	}
	var names []string
	for _, e := range entries {
		if isLeftover(e) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// CheckDown looks for a server of this data directory: by the locks it
// holds, by its working folder, and by asking.
func (srv *Server) CheckDown(ctx context.Context) error {
	if pid := lockHolder(srv.DataDir); pid != 0 {
		return fmt.Errorf("%w: process %d holds locks in %s: stop the server", ErrServerRunning, pid, srv.DataDir)
	}
	if pid := WorkingIn(srv.DataDir); pid != 0 {
		return fmt.Errorf("%w: process %d works in %s: stop the server", ErrServerRunning, pid, srv.DataDir)
	}
	return srv.checkNoAnswer(ctx)
}

// checkNoAnswer asks the configured server. One that answers for another data
// directory is not the one that must be down.
func (srv *Server) checkNoAnswer(ctx context.Context) error {
	if _, err := srv.Credentials(); err != nil {
		// No way to ask; the locks and the processes have been looked at.
		return nil
	}
	s, err := srv.Connect(ctx)
	if errors.Is(err, ErrServerDown) && refusedConnection(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrServerRunning, err)
	}
	defer s.Close()
	info, err := s.Info(ctx)
	if err == nil {
		if other, statErr := os.Stat(info.DataDir); statErr == nil {
			if own, statErr := os.Stat(srv.DataDir); statErr == nil && !os.SameFile(own, other) {
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
		// Whoever may write to the data directory could put a pipe there.
		// #nosec G304 -- it is asked for its lock, and not read
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_RDONLY|unix.O_NONBLOCK, 0)
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

// WorkingIn returns the pid of a database server whose working folder is dir,
// as it always is its data directory; 0 for none. It finds one whose files
// have been deleted, too.
func WorkingIn(dir string) int {
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
			if _, err := job.StartTicks(pid); err == nil {
				return pid
			}
		}
	}
	return 0
}

const (
	// Dictionary is the data dictionary of MySQL 8.0 and later.
	Dictionary = "mysql.ibd"
	// LastEntry is the system tablespace.
	LastEntry = "ibdata1"
)

// SameFolder refuses a server whose data directory is not the configured one:
// a restore would go to the wrong place.
func SameFolder(server, configured string) error {
	a, err := os.Stat(server)
	if err != nil {
		return fmt.Errorf("the server's data directory cannot be read: %w: the daemon must run on the server's host, as root or as the server's user", err)
	}
	b, err := os.Stat(configured)
	if err != nil || !os.SameFile(a, b) {
		return fmt.Errorf("the server's data directory is %s, but data_dir says %s: correct data_dir, or socket or host in the credentials file", server, configured)
	}
	return nil
}

// CheckOwner refuses a data directory that we could not hand over to the
// server.
func (srv *Server) CheckOwner() error {
	info, err := os.Stat(srv.DataDir)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDataDir, err)
	}
	owner, known := info.Sys().(*syscall.Stat_t)
	if known && os.Geteuid() != 0 && int(owner.Uid) != os.Geteuid() {
		return fmt.Errorf("%w: %s belongs to user %d and the daemon runs as user %d: run the daemon as root or as that user", ErrDataDir, srv.DataDir, owner.Uid, os.Geteuid())
	}
	return nil
}
