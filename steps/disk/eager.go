package disk

import (
	"os"

	"golang.org/x/sys/unix"
)

// eagerFile has what is written to it put onto the disk at once and all along,
// so that little is left to wait for when it must be durable.
type EagerFile struct {
	*os.File
	written, begun int64
}

// eagerSize is how much is put onto the disk at a time, in bytes.
const eagerSize = 8 << 20

func (f *EagerFile) Write(p []byte) (int, error) {
	n, err := f.File.Write(p)
	f.written += int64(n)
	if f.written-f.begun >= eagerSize {
		// It only begins to write, and a file system that cannot is no worse off:
		// sync_file_range(2).
		_ = unix.SyncFileRange(int(f.Fd()), f.begun, f.written-f.begun, unix.SYNC_FILE_RANGE_WRITE)
		f.begun = f.written
	}
	return n, err
}
