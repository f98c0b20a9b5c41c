package digest

import (
	"io/fs"
	"os"
	"path"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/disk"
)

// Watcher hashes the files of a folder as a program closes them. Its methods may
// be called from any goroutine; those of a nil one do nothing.
type Watcher struct {
	folder string
	// packing says that files are compressed, too; nil if they are not.
	packing *Packing
	packs   atomic.Int64
	root    *os.Root
	events  *events
	// folders are the paths below folder, by their watches.
	folders map[int32]string

	running sync.WaitGroup
	mu      sync.Mutex
	// changed tells of more in the queue, and of its end.
	changed *sync.Cond
	queue   []string
	// ended says that no more comes, given that nobody waits for the rest.
	ended, given bool
	// begun are the newest hashes of each file, under way or done.
	begun map[string]*Digest
}

// Watch begins to hash what is closed in a folder, by so many workers, and to
// compress it unless packing is nil. It returns nil where digests cannot be relied
// on, or nothing can be watched: then all is done later.
func Watch(folder string, workers int, packing *Packing) *Watcher {
	if !usable(folder) || packing != nil && disk.MakeFolder(packing.Folder, 0o700) != nil {
		return nil
	}
	w := &Watcher{folder: folder, packing: packing, folders: map[int32]string{}, begun: map[string]*Digest{}}
	w.changed = sync.NewCond(&w.mu)
	var err error
	if w.root, err = disk.OpenFolder(folder); err != nil {
		return nil
	}
	if w.events, err = newEvents(); err != nil {
		_ = w.root.Close()
		return nil
	}
	w.enter(".")
	w.running.Go(func() {
		w.events.read(w.happened)
		w.end(false)
	})
	for range max(1, workers) {
		w.running.Go(w.work)
	}
	return w
}

// enter watches a folder, and all in it: what came before the watch did is told
// by nobody.
func (w *Watcher) enter(name string) {
	f, err := w.root.Open(name)
	if err != nil {
		return // it is gone, or none of ours
	}
	defer f.Close()
	watch, err := w.events.add(f)
	if err != nil {
		return
	}
	w.folders[watch] = name
	entries, err := f.ReadDir(-1)
	if err != nil {
		return
	}
	for _, e := range entries {
		w.came(path.Join(name, e.Name()), e.IsDir())
	}
}

// came looks after what is new in the folder.
func (w *Watcher) came(name string, isFolder bool) {
	if isFolder {
		w.enter(name)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.queue = append(w.queue, name)
	w.changed.Signal()
}

// happened takes an event of a watched folder.
func (w *Watcher) happened(e event) {
	folder, watched := w.folders[e.watch]
	switch {
	case !watched:
	case e.mask&unix.IN_IGNORED != 0:
		delete(w.folders, e.watch)
	case e.mask&unix.IN_ISDIR != 0, e.mask&unix.IN_CREATE == 0:
		w.came(path.Join(folder, e.name), e.mask&unix.IN_ISDIR != 0)
	}
}

// end lets the workers end once the queue is empty, or at once.
func (w *Watcher) end(give bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended, w.given = true, w.given || give
	w.changed.Broadcast()
}

// Moved tells that a file has another version without having been written to,
// since its owner was changed.
func (w *Watcher) Moved(name string, before, after fs.FileInfo) {
	if w == nil {
		return
	}
	was, knew := disk.VersionOf(before)
	is, known := disk.VersionOf(after)
	w.mu.Lock()
	defer w.mu.Unlock()
	if d := w.begun[name]; d != nil && knew && known && d.Version == was && was.SameContent(is) {
		d.Version = is
	}
}

// Finish returns the digests of all that was closed when the program had ended:
// until then it waits for the workers, unless stop is closed.
func (w *Watcher) Finish(stop <-chan struct{}) List {
	if w == nil {
		return nil
	}
	done := make(chan struct{})
	w.events.end()
	go func() {
		w.running.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-stop:
		w.end(true)
		<-done
	}
	w.events.close()
	_ = w.root.Close()
	list := List{}
	for name, d := range w.begun {
		// The hash of one that could not be read did not come to its end.
		if d.SHA256 != "" {
			list[name] = *d
		}
	}
	return list
}
