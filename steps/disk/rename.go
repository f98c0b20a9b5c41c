package disk

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// renameNew renames a file or folder and never replaces an existing one; the
// error then is fs.ErrExist.
func RenameNew(from, to string) error {
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		// A file system without the flag: the check is then a step of its own.
		if _, statErr := os.Lstat(to); statErr == nil {
			err = unix.EEXIST
		} else {
			err = unix.Rename(from, to)
		}
	}
	if err != nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	return nil
}

// exchange lets two paths change places in one step.
func Exchange(a, b string) error {
	if err := unix.Renameat2(unix.AT_FDCWD, a, unix.AT_FDCWD, b, unix.RENAME_EXCHANGE); err != nil {
		return &os.LinkError{Op: "exchange", Old: a, New: b, Err: err}
	}
	return nil
}

// FileID names a file or folder of a file system whatever it is called, and
// still does when the machine has been restarted. The number of its device
// would not: btrfs, LVM and disks themselves get theirs anew at every boot.
type FileID struct {
	Inode uint64 `json:"inode"`
	// Birth is when it was made, in nanoseconds since 1970, since the inodes of
	// removed files are used again; 0 where the file system does not tell.
	Birth int64 `json:"birth,omitempty"`
}

func IDOf(path string) (FileID, error) {
	var st unix.Statx_t
	if err := unix.Statx(unix.AT_FDCWD, path, unix.AT_SYMLINK_NOFOLLOW, unix.STATX_INO|unix.STATX_BTIME, &st); err != nil {
		return FileID{}, &os.PathError{Op: "statx", Path: path, Err: err}
	}
	id := FileID{Inode: st.Ino}
	if st.Mask&unix.STATX_BTIME != 0 {
		id.Birth = time.Unix(st.Btime.Sec, int64(st.Btime.Nsec)).UnixNano()
	}
	return id, nil
}

// is tells whether path is the file or folder of this id.
func (id FileID) Is(path string) bool {
	other, err := IDOf(path)
	return err == nil && other == id
}

// tryExchange tells whether the file system can exchange two folders.
func TryExchange(dir string) error {
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	for _, folder := range []string{a, b} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return err
		}
	}
	err := Exchange(a, b)
	for _, folder := range []string{a, b} {
		if removeErr := os.Remove(folder); err == nil {
			err = removeErr
		}
	}
	return err
}
