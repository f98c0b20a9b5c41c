package disk

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// FileSystem is one on which something is about to be written. From then on no
// error of writing it to the disk is missed, whoever else syncs meanwhile.
type FileSystem struct{ folder *os.File }

// WatchFileSystem begins to look after the file system of a folder. The caller
// closes what it returns.
func WatchFileSystem(path string) (*FileSystem, error) {
	// #nosec G304 -- it is opened to be synced, and not read
	folder, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return &FileSystem{folder}, nil
}

// Sync makes everything on it durable (syncfs(2)). Since Linux 5.8 it tells of
// every file that could not be written since the watch began.
func (f *FileSystem) Sync() error {
	if err := unix.Syncfs(int(f.folder.Fd())); err != nil {
		return fmt.Errorf("sync file system of %s: %w", f.folder.Name(), err)
	}
	return nil
}

// Close ends the watch.
func (f *FileSystem) Close() error { return f.folder.Close() }

// SyncFileSystem makes everything on the file system of path durable.
func SyncFileSystem(path string) error {
	f, err := WatchFileSystem(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
