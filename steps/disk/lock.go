package disk

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// ErrNotLocked is in the chain of why something cannot be locked though nobody else
// has: its file system may be read-only, or know no locks. It can be worked with.
var ErrNotLocked = errors.New("it is not known whether another daemon works on it")

// LockedError: another process has locked a file.
type LockedError struct {
	Path string
	// Holder is that process's pid, as it has written it; empty if it has not.
	Holder string
}

func (e *LockedError) Error() string { return e.Path + " is locked by " + e.Who() }

// Who names the process.
func (e *LockedError) Who() string {
	if e.Holder == "" {
		return "another process"
	}
	return "process " + e.Holder
}

// Lock locks a file, which it makes where it is missing, for as long as it is
// open. No child inherits it, so it ends with this process. The file holds the
// pid of who has locked it, for people.
//
// Others may write its folder: a link of theirs is not followed, nor a file
// written that has another name; that is ErrRefused.
func Lock(path string) (*os.File, error) {
	// #nosec G304 -- without following a link, and not read
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0o600)
	if errors.Is(err, unix.ELOOP) {
		return nil, fmt.Errorf("%w: %s is a link: find out who made it, then remove it", ErrRefused, path)
	}
	if err != nil {
		return nil, err
	}
	var info unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &info); err != nil || info.Mode&unix.S_IFMT != unix.S_IFREG || info.Nlink != 1 {
		_ = f.Close()
		return nil, errors.Join(fmt.Errorf("%w: %s is no file of its own: find out who made it, then remove it", ErrRefused, path), err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		defer f.Close()
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, &os.PathError{Op: "flock", Path: path, Err: err}
		}
		holder, readErr := io.ReadAll(io.LimitReader(f, 32))
		locked := &LockedError{Path: path}
		// Whoever may write the folder may have written the file.
		if pid, err := strconv.Atoi(strings.TrimSpace(string(holder))); readErr == nil && err == nil {
			locked.Holder = strconv.Itoa(pid)
		}
		return nil, locked
	}
	// A full disk must not keep who locks it from its work.
	if err := f.Truncate(0); err == nil {
		_, _ = fmt.Fprintf(f, "%d\n", os.Getpid())
	}
	return f, nil
}
