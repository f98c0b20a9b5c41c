package disk

import (
	"fmt"
	"os"
	"sync"

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

// Watched returns a watch that another process has begun and handed on: what it
// has missed since then is nothing.
func Watched(folder *os.File) *FileSystem { return &FileSystem{folder} }

// Handle is what hands the watch on to another process. It goes with the watch.
func (f *FileSystem) Handle() *os.File { return f.folder }

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

// Watches are file systems that are looked after for longer than one step. They
// end with the process, so that who finds one knows that nothing was lost since it
// began, neither in a power cut nor unnoticed. The zero value is empty; its methods
// may be called from any goroutine.
type Watches struct {
	mu   sync.Mutex
	held map[string]*FileSystem
}

// Begin begins to look after the file system of a folder under a name, unless it
// is looked after already. Release ends it.
func (w *Watches) Begin(name, path string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.held[name] != nil {
		return nil
	}
	f, err := WatchFileSystem(path)
	if err != nil {
		return err
	}
	if w.held == nil {
		w.held = map[string]*FileSystem{}
	}
	w.held[name] = f
	return nil
}

// Of returns the watch of a name, nil if there is none.
func (w *Watches) Of(name string) *FileSystem {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.held[name]
}

// Sync makes everything on the file system of a folder durable, and tells of all
// that was missed since its watch began, if it has one of this name.
func (w *Watches) Sync(name, path string) error {
	if f := w.Of(name); f != nil {
		return f.Sync()
	}
	return SyncFileSystem(path)
}

// Release ends the watch of a name, if there is one.
func (w *Watches) Release(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if f := w.held[name]; f != nil {
		_ = f.Close()
		delete(w.held, name)
	}
}

// SyncFileSystem makes everything on the file system of path durable.
func SyncFileSystem(path string) error {
	f, err := WatchFileSystem(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
