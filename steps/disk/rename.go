package disk

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// RenameNew renames a file or folder and never replaces an existing one; the
// error then is fs.ErrExist.
func RenameNew(from, to string) error {
	return between("rename", from, to, func(source int, old string, target int, name string) error {
		err := unix.Renameat2(source, old, target, name, unix.RENAME_NOREPLACE)
		if !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOSYS) {
			return err
		}
		// A file system without the flag: the check is then a step of its own.
		var st unix.Stat_t
		if unix.Fstatat(target, name, &st, unix.AT_SYMLINK_NOFOLLOW) == nil {
			return unix.EEXIST
		}
		return unix.Renameat(source, old, target, name)
	})
}

// between does something with two names in the folders that they stand in,
// which no foreign link leads to.
func between(op, a, b string, do func(inA int, a string, inB int, b string) error) error {
	inA, err := openFolder(filepath.Dir(a))
	if err == nil {
		defer unix.Close(inA)
		var inB int
		if inB, err = openFolder(filepath.Dir(b)); err == nil {
			defer unix.Close(inB)
			err = do(inA, filepath.Base(a), inB, filepath.Base(b))
		}
	}
	if inner, found := errors.AsType[*os.PathError](err); found {
		err = inner.Err
	}
	if err != nil {
		return &os.LinkError{Op: op, Old: a, New: b, Err: err}
	}
	return nil
}

// Exchange lets two paths change places in one step.
func Exchange(a, b string) error {
	return between("exchange", a, b, func(inA int, a string, inB int, b string) error {
		return unix.Renameat2(inA, a, inB, b, unix.RENAME_EXCHANGE)
	})
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

// Is reports whether path is the file or folder of this id.
func (id FileID) Is(path string) bool {
	other, err := IDOf(path)
	return err == nil && other == id
}

// TryExchange reports whether the file system can exchange two folders.
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
