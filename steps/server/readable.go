package server

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/job"
)

// errForeign: something in the data directory is not for its owner to read.
var errForeign = errors.New("what the owner of the data directory may not read must not get into a backup")

// namedForeign is how many of them the error names.
const namedForeign = 5

// copied are the files that the tools take from a database's folder, by their
// endings; MyRocks' have others, and are copied by the server itself.
var copied = []string{".ibd", ".isl", ".frm", ".MYD", ".MYI", ".MAD", ".MAI", ".MRG", ".TRG", ".TRN", ".ARM", ".ARZ",
	".CSM", ".CSV", ".opt", ".par", ".sdi"}

// copiedAbove are the beginnings of those they take from the data directory
// itself.
var copiedAbove = []string{"ibdata", "ib_logfile", "undo", "aria_log", "mysql.ibd"}

// CheckReadable refuses a data directory that has a file or a link which the tool
// would copy and the directory's owner may not read: as root, the tool would put
// it into the backup, and a restore would give it to that owner. Nothing is
// looked at with our own rights. Where those of others cannot be had, nothing is
// checked.
func (srv *Server) CheckReadable(dataDir string) error {
	if os.Geteuid() != 0 || !job.CanLend() {
		return nil
	}
	owner, err := ownerOf(dataDir)
	if err != nil || owner.Uid == 0 {
		return err
	}
	var foreign []string
	if err := asUser(owner, func() (err error) {
		foreign, err = unreadable(dataDir, owner.Uid)
		return err
	}); err != nil {
		return fmt.Errorf("look for what user %s may not read: %w", disk.UserName(int(owner.Uid)), err)
	}
	if len(foreign) == 0 {
		return nil
	}
	list := strings.Join(foreign[:min(len(foreign), namedForeign)], ", ")
	if n := len(foreign) - namedForeign; n > 0 {
		list += fmt.Sprintf(" and %d more", n)
	}
	name := disk.UserName(int(owner.Uid))
	return fmt.Errorf("%w: user %s may not read %s: find out who put it there; if it belongs to the server, chown it to %s, else remove it",
		errForeign, name, list, name)
}

// asUser runs work with a user's rights to files, and with no others. Only the
// calling thread has them, and it is our own again afterwards or ends with its
// goroutine.
func asUser(user syscall.Credential, work func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		before, err := unix.Getgroups()
		if err == nil {
			err = setThread(user.Uid, user.Gid, user.Groups)
		}
		if err == nil {
			err = work()
		}
		var groups []uint32
		for _, group := range before {
			// #nosec G115 -- ids of users and groups have 32 bits
			groups = append(groups, uint32(group))
		}
		// #nosec G115 -- ids of users and groups have 32 bits
		if setThread(uint32(os.Geteuid()), uint32(os.Getegid()), groups) == nil {
			runtime.UnlockOSThread()
		}
		done <- err
	}()
	return <-done
}

// setThread sets what the kernel goes by when this thread opens files. The
// user comes last on the way down and first on the way up: with another than
// root's the thread may not change the rest.
func setThread(uid, gid uint32, groups []uint32) error {
	if uid == 0 {
		if err := setFileUser(uid); err != nil {
			return err
		}
	}
	var first unsafe.Pointer
	if len(groups) > 0 {
		// #nosec G103 -- setgroups takes the list by its address
		first = unsafe.Pointer(&groups[0])
	}
	// The call of the standard library is one for all threads.
	if _, _, errno := unix.RawSyscall(unix.SYS_SETGROUPS, uintptr(len(groups)), uintptr(first), 0); errno != 0 {
		return fmt.Errorf("set groups: %w", errno)
	}
	if _, err := unix.SetfsgidRetGid(int(gid)); err != nil {
		return fmt.Errorf("set group: %w", err)
	}
	if uid == 0 {
		return nil
	}
	return setFileUser(uid)
}

// setFileUser sets the user. The call tells of no failure, only what was before.
func setFileUser(uid uint32) error {
	if _, err := unix.SetfsuidRetUid(int(uid)); err != nil {
		return fmt.Errorf("set user: %w", err)
	}
	if now, err := unix.SetfsuidRetUid(-1); err != nil || now != int(uid) {
		return errors.Join(fmt.Errorf("set user: it stays %d", now), err)
	}
	return nil
}

// unreadable lists what the tools would copy and the calling thread may not read.
func unreadable(dataDir string, user uint32) ([]string, error) {
	entries, err := os.ReadDir(dataDir)
	if errors.Is(err, fs.ErrPermission) {
		return []string{dataDir}, nil
	}
	if err != nil {
		return nil, err
	}
	var found []string
	for _, e := range entries {
		path := filepath.Join(dataDir, e.Name())
		if isFolder(path, e) {
			if e.Name() == LostAndFound {
				continue
			}
			list, err := unreadableTables(path, user)
			if err != nil {
				return nil, err
			}
			found = append(found, list...)
		} else if slices.ContainsFunc(copiedAbove, func(begins string) bool { return strings.HasPrefix(e.Name(), begins) }) && !mayRead(path) {
			found = append(found, path)
		}
	}
	return found, nil
}

// isFolder reports whether an entry is a folder or a link to one. A link that
// leads where the thread may not look is none; what is behind it the tool would
// find.
func isFolder(path string, e fs.DirEntry) bool {
	if e.Type()&fs.ModeSymlink == 0 {
		return e.IsDir()
	}
	info, err := os.Stat(path)
	return err == nil && info.IsDir() || errors.Is(err, fs.ErrPermission)
}

// unreadableTables is unreadable for a database's folder.
func unreadableTables(folder string, user uint32) ([]string, error) {
	entries, err := os.ReadDir(folder)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return []string{folder}, nil
	case errors.Is(err, fs.ErrNotExist):
		// The database has been dropped meanwhile.
		return nil, nil
	case err != nil:
		return nil, err
	}
	var found []string
	for _, e := range entries {
		path := filepath.Join(folder, e.Name())
		if !slices.Contains(copied, filepath.Ext(e.Name())) {
			continue
		}
		if !isPlain(e, user) && !mayRead(path) || filepath.Ext(path) == ".isl" && !mayReadLinked(path) {
			found = append(found, path)
		}
	}
	return found, nil
}

// isPlain reports whether an entry is an ordinary file of the user, who may read
// it: most are, and need not be opened.
func isPlain(e fs.DirEntry, user uint32) bool {
	info, err := e.Info()
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	st, known := info.Sys().(*syscall.Stat_t)
	return known && st.Uid == user && info.Mode()&0o400 != 0
}

// mayRead reports whether the thread may open a file. One that has gone
// meanwhile nobody copies, and a pipe or a device is not woken.
func mayRead(path string) bool {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err == nil {
		_ = unix.Close(fd)
	}
	return !errors.Is(err, fs.ErrPermission)
}

// mayReadLinked reports whether the thread may read the table whose place an .isl
// file tells.
func mayReadLinked(path string) bool {
	text, err := disk.ReadSmall(filepath.Dir(path), filepath.Base(path), unix.PathMax)
	if err != nil {
		return !errors.Is(err, fs.ErrPermission)
	}
	return mayRead(strings.TrimSpace(string(text)))
}
