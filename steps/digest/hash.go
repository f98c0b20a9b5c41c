package digest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/disk"
)

const (
	// workerNice is by how much a worker yields to the program it looks after.
	workerNice = 5
	// tick is longer than those of the clock by which changes are stamped, settling
	// how many of them a worker waits for it to go on.
	tick     = time.Millisecond
	settling = 50
)

// work hashes files until there are no more.
func (w *Watcher) work() {
	// The thread ends with its goroutine, and its priority with it.
	runtime.LockOSThread()
	if nice, err := unix.Getpriority(unix.PRIO_PROCESS, unix.Gettid()); err == nil {
		// It answers with 20 less the niceness (getpriority(2)).
		_ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), 20-nice+workerNice)
	}
	buffer := make([]byte, 1<<20)
	for {
		name, more := w.next()
		if !more {
			return
		}
		w.hash(name, buffer)
	}
}

// next waits for a file that was closed; false when there are no more.
func (w *Watcher) next() (string, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.queue) == 0 && !w.ended {
		w.changed.Wait()
	}
	if len(w.queue) == 0 || w.given {
		return "", false
	}
	name := w.queue[0]
	w.queue = w.queue[1:]
	return name, true
}

// hash hashes a file. One that cannot be hashed has no digest: whoever needs it
// says why.
func (w *Watcher) hash(name string, buffer []byte) {
	f, err := disk.OpenRegular(w.folder, name)
	if err != nil {
		return
	}
	defer f.Close()
	version, settled := settle(f)
	if !settled {
		return
	}
	d := w.begin(name, version)
	if d == nil {
		return
	}
	sum, data, pack, err := w.read(f, buffer)
	if err != nil {
		w.discard(pack)
		return
	}
	// As the tools do with what they have written: the server needs the memory more.
	_ = unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)
	w.mu.Lock()
	defer w.mu.Unlock()
	d.SHA256, d.Data, d.Pack = sum, data, pack
}

// read reads an open file and returns what its digest says of it.
func (w *Watcher) read(f *os.File, buffer []byte) (sum string, data int64, pack *Pack, err error) {
	if w.packing != nil {
		plain, data, pack, err := w.pack(givable{f, w})
		return plain.SHA256, data, pack, err
	}
	if data, err = disk.DataOf(f); err != nil {
		return "", 0, nil, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", 0, nil, err
	}
	digest := sha256.New()
	_, err = io.CopyBuffer(digest, givable{f, w}, buffer)
	return hex.EncodeToString(digest.Sum(nil)), data, nil, err
}

// begin notes that a version of a file is being hashed; nil if that was begun
// before.
func (w *Watcher) begin(name string, version disk.Version) *Digest {
	w.mu.Lock()
	defer w.mu.Unlock()
	if d := w.begun[name]; d != nil && d.Version == version {
		return nil
	}
	d := &Digest{Version: version}
	w.begun[name] = d
	return d
}

// givable is a file that is not read on when nobody waits for its hash any more.
type givable struct {
	io.Reader
	w *Watcher
}

var errGiven = errors.New("nobody waits for it")

func (g givable) Read(p []byte) (int, error) {
	g.w.mu.Lock()
	given := g.w.given
	g.w.mu.Unlock()
	if given {
		return 0, errGiven
	}
	return g.Reader.Read(p)
}

// settle waits until a further change of an open file must change its version,
// and returns that.
func settle(f *os.File) (disk.Version, bool) {
	for range settling {
		info, err := f.Stat()
		if err != nil {
			return disk.Version{}, false
		}
		version, known := disk.VersionOf(info)
		if !known || version.Settled() {
			return version, known
		}
		time.Sleep(tick)
	}
	return disk.Version{}, false
}
