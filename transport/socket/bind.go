package socket

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// DefaultMode lets the socket's group connect.
const DefaultMode fs.FileMode = 0o660

// Bound is a bound path.
type Bound struct {
	Listener *net.UnixListener
	Path     string
	// file is the identity of the socket file this process made.
	file fs.FileInfo
}

// Bind listens on path. The socket is made under a hidden name in the same
// folder, gets its group and mode there, and is then renamed over path: no
// client ever sees it half-made, and a stale one is replaced in one step.
func Bind(path string, mode fs.FileMode, gid int) (bound *Bound, err error) {
	if err := makeWay(path); err != nil {
		return nil, err
	}
	hidden := filepath.Join(filepath.Dir(path), "."+rand.Text()[:8])
	if err := checkLength(hidden); err != nil {
		return nil, err
	}
	listener, err := listenPrivately(hidden)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, listener.Close())
			// Why there is no socket matters more than a hidden file left behind.
			_ = os.Remove(hidden)
		}
	}()
	if err := grant(hidden, mode, gid); err != nil {
		return nil, err
	}
	file, err := os.Lstat(hidden)
	if err != nil {
		return nil, fmt.Errorf("look at the new socket: %w", err)
	}
	if err := os.Rename(hidden, path); err != nil {
		return nil, fmt.Errorf("put the socket in place: %w", err)
	}
	return &Bound{Listener: listener, Path: path, file: file}, nil
}

// listenPrivately binds a socket that only its owner can connect to, whatever
// the umask: on Linux the file gets the mode that the descriptor had at bind.
func listenPrivately(path string) (*net.UnixListener, error) {
	config := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		var failure error
		err := raw.Control(func(fd uintptr) { failure = unix.Fchmod(int(fd), 0o600) })
		return errors.Join(err, failure)
	}}
	listener, err := config.Listen(context.Background(), "unix", path)
	if err != nil {
		return nil, fmt.Errorf("bind a socket: %w", err)
	}
	unixListener := listener.(*net.UnixListener)
	// The name it was bound under is not the one it ends up with.
	unixListener.SetUnlinkOnClose(false)
	return unixListener, nil
}

// grant gives the socket its group (gid -1: as it is) and then its mode.
func grant(path string, mode fs.FileMode, gid int) error {
	if gid >= 0 {
		if err := os.Lchown(path, -1, gid); err != nil {
			return fmt.Errorf("give the socket to group %d (run the daemon as root, or as a member of that group): %w", gid, err)
		}
	}
	if err := os.Chmod(path, mode); err != nil {
		return fmt.Errorf("set the socket's mode to %#o: %w", mode, err)
	}
	return nil
}

// Release removes the socket's file, if it is still the one made here, and
// closes the listener. In this order: until the listener is closed, the
// file's inode number cannot be given to another file.
func (s *Bound) Release() error {
	var removal error
	if current, err := os.Lstat(s.Path); err == nil && os.SameFile(s.file, current) {
		removal = os.Remove(s.Path)
	}
	if err := errors.Join(removal, s.Listener.Close()); err != nil {
		return fmt.Errorf("release socket %s: %w", s.Path, err)
	}
	return nil
}
