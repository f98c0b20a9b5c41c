package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// lockName is the file in the state directory that one daemon holds.
const lockName = "daemon.lock"

// lockState takes the state directory for this daemon alone.
func lockState(dir string) (io.Closer, error) {
	return lockFile(filepath.Join(dir, lockName), dir)
}

// lockDatabase takes the database: a daemon with another state directory must
// not carry on the operations of this one.
func lockDatabase(path string) (io.Closer, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o770); err != nil {
		return nil, fmt.Errorf("create folder of the state database: %w", err)
	}
	return lockFile(path+".lock", path)
}

// lockFile holds a lock on a file for as long as it is open. No child inherits
// it, so it ends with this process.
func lockFile(path, what string) (io.Closer, error) {
	// In a folder that others may write, a link of theirs is not followed, nor a
	// file written that has another name.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0o600)
	if errors.Is(err, unix.ELOOP) {
		return nil, fmt.Errorf("lock %s: %s is a link: find out who made it, then remove it", what, path)
	}
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w: check that its file system is mounted, has room and may be written", what, err)
	}
	var info unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &info); err != nil || info.Mode&unix.S_IFMT != unix.S_IFREG || info.Nlink != 1 {
		_ = f.Close()
		return nil, errors.Join(fmt.Errorf("lock %s: %s is no file of its own: find out who made it, then remove it", what, path), err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		defer f.Close()
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock %s: %w", what, err)
		}
		holder, readErr := io.ReadAll(io.LimitReader(f, 32))
		if pid := strings.TrimSpace(string(holder)); readErr == nil && pid != "" {
			return nil, exitWith(exitRunning, fmt.Errorf("another daemon (process %s) already runs on %s: stop it first", pid, what))
		}
		return nil, exitWith(exitRunning, fmt.Errorf("another daemon already runs on %s: stop it first", what))
	}
	// The pid is for people; a full disk must not keep the daemon from starting.
	if err := f.Truncate(0); err == nil {
		_, _ = fmt.Fprintf(f, "%d\n", os.Getpid())
	}
	return f, nil
}

// makeState makes the state directory, which is the daemon's alone.
func makeState(dir string) error { return os.MkdirAll(dir, 0o700) }
