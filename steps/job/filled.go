package job

import (
	"os"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/digest"
	"dbcalm-db-cmd/steps/disk"
)

// filled is the folder that a program fills. What is in it is to be hashed and on
// the disk when the program has ended, and both begin before that.
type filled struct {
	spec Spec
	disk *disk.FileSystem
	// unwatched says why nothing can be put onto the disk.
	unwatched error
	digests   *digest.Watcher
}

// beginOutput begins to look after the folder that the program will fill, if it
// has one.
func beginOutput(spec Spec) *filled {
	f := &filled{spec: spec}
	if spec.Output == "" {
		return f
	}
	if spec.Watched {
		// The program has no use for it.
		unix.CloseOnExec(watchFD)
		f.disk = disk.Watched(os.NewFile(watchFD, spec.Output))
	} else {
		f.disk, f.unwatched = disk.WatchFileSystem(spec.Output)
	}
	if f.unwatched == nil && spec.Digests != "" {
		f.digests = digest.Watch(spec.Output, spec.Workers, spec.Packing)
	}
	return f
}

// complete puts what the program has written onto the disk and hashes the rest
// meanwhile, unless stop is closed. Hashes that cannot be kept are lost: they are
// taken anew.
func (f *filled) complete(stop <-chan struct{}) error {
	if f.disk == nil {
		return f.unwatched
	}
	synced := make(chan error, 1)
	go func() { synced <- f.disk.Sync() }()
	list := f.digests.Finish(stop)
	f.digests = nil
	err := <-synced
	if err == nil && f.spec.Packing != nil {
		// What has been compressed since then is our own.
		err = f.disk.Sync()
	}
	if err != nil {
		return err
	}
	if list != nil {
		_ = list.Write(f.spec.Digests)
	}
	return nil
}

// close ends what is still under way.
func (f *filled) close() {
	given := make(chan struct{})
	close(given)
	f.digests.Finish(given)
	if f.disk != nil {
		_ = f.disk.Close()
	}
}
