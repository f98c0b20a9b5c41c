package disk

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// EagerFile has what is written to it put onto the disk at once and all along,
// so that little is left to wait for when it must be durable.
type EagerFile struct {
	*os.File
	// Passing tells that the file is removed again soon: it is then left to the
	// kernel whether it ever comes onto the disk.
	Passing        bool
	written, begun int64
}

// eagerSize is how much is put onto the disk at a time, in bytes.
const eagerSize = 8 << 20

func (f *EagerFile) Write(p []byte) (int, error) {
	n, err := f.File.Write(p)
	f.written += int64(n)
	if !f.Passing {
		f.begun = beginWriting(f.File, f.begun, f.written)
	}
	return n, err
}

// MoveTo goes on at another place, counted from the file's beginning.
func (f *EagerFile) MoveTo(offset int64) error {
	at, err := f.File.Seek(offset, io.SeekStart)
	f.written, f.begun = at, at
	return err
}

// beginWriting has a part of a file put onto the disk, once that is large enough,
// and returns where the part begins that is left.
func beginWriting(f *os.File, from, end int64) int64 {
	if end-from < eagerSize {
		return from
	}
	// It only begins to write, and a file system that cannot is no worse off:
	// sync_file_range(2).
	_ = unix.SyncFileRange(int(f.Fd()), from, end-from, unix.SYNC_FILE_RANGE_WRITE)
	return end
}
