package socket

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// KeyPath is the key of a socket's path in log lines.
const KeyPath = "path"

// pathLimit is the longest path a Unix socket can have, see unix(7).
const pathLimit = len(unix.RawSockaddrUnix{}.Path) - 1

// probeTimeout bounds the look at a socket that is already there.
const probeTimeout = time.Second

// Paths makes the folders of the paths and returns each socket to bind
// once, even if both paths lead to it through different links.
func Paths(paths ...string) ([]string, error) {
	var distinct []string
	for i, path := range paths {
		if path == "" && i > 0 {
			continue
		}
		if !filepath.IsAbs(path) {
			return nil, fmt.Errorf("listen: socket path %q is not absolute; give it from the root, like /run/dbcalm/db-cmd.sock", path)
		}
		if err := checkLength(path); err != nil {
			return nil, fmt.Errorf("listen: %w", err)
		}
		folder := filepath.Dir(path)
		// #nosec G301 -- everybody may look for the socket; who may connect, its mode says
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return nil, fmt.Errorf("make the socket's folder: %w", err)
		}
		resolved, err := filepath.EvalSymlinks(folder)
		if err != nil {
			return nil, fmt.Errorf("find the socket's folder: %w", err)
		}
		path = filepath.Join(resolved, filepath.Base(path))
		if !slices.Contains(distinct, path) {
			distinct = append(distinct, path)
		}
	}
	return distinct, nil
}

func checkLength(path string) error {
	if len(path) > pathLimit {
		return fmt.Errorf("socket path %s has %d bytes and the system allows %d; choose a shorter one", path, len(path), pathLimit)
	}
	return nil
}

// makeWay returns nil if path is free or holds a socket nobody listens on.
func makeWay(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at what is there: %w", err)
	}
	if info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("%s exists and is no socket; move it away, or choose another socket path", path)
	}
	conn, err := net.DialTimeout("unix", path, probeTimeout)
	switch {
	case err == nil:
		_ = conn.Close()
		return fmt.Errorf("another program is listening on %s; stop it, or choose another socket path", path)
	case errors.Is(err, unix.ECONNREFUSED), errors.Is(err, fs.ErrNotExist):
		return nil
	default:
		// A full backlog or a socket of another type has an owner; and what
		// cannot be asked may have one.
		return fmt.Errorf("another program may be listening on %s; stop it, or remove the file if none is: %w", path, err)
	}
}
