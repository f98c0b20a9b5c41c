package disk

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// OpenRegular opens a regular file below a folder to be read. Below the folder
// no link is followed; for the folder itself see openFolder. It never waits
// for a pipe or wakes a device: what is no regular file, or has other names
// through which it could be somebody else's, is ErrRefused.
func OpenRegular(folder, name string) (*os.File, error) {
	path := filepath.Join(folder, name)
	at, last, err := openParent(folder, name)
	if err != nil {
		return nil, err
	}
	defer unix.Close(at)
	fd, err := openLooked(at, last)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return os.NewFile(uintptr(fd), path), nil
}

// openLooked looks at a file before it opens it, and again afterwards.
func openLooked(at int, name string) (int, error) {
	var st unix.Stat_t
	if err := unix.Fstatat(at, name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return -1, err
	}
	if err := refuseSpecial(&st); err != nil {
		return -1, err
	}
	fd, err := unix.Openat(at, name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	if err = unix.Fstat(fd, &st); err == nil {
		err = refuseSpecial(&st)
	}
	if err == nil {
		err = unix.SetNonblock(fd, false)
	}
	if err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// refuseSpecial refuses all but regular files of one name.
func refuseSpecial(st *unix.Stat_t) error {
	kind := map[uint32]string{
		unix.S_IFDIR: "a folder", unix.S_IFLNK: "a link", unix.S_IFIFO: "a named pipe", unix.S_IFSOCK: "a socket",
		unix.S_IFCHR: "a device", unix.S_IFBLK: "a device",
	}[st.Mode&unix.S_IFMT]
	switch {
	case kind != "":
		return fmt.Errorf("%w: it is %s, and only regular files are read here", ErrRefused, kind)
	case st.Nlink > 1:
		return fmt.Errorf("%w: it has %d names (hard links), and who holds another may change it: replace it by a copy", ErrRefused, st.Nlink)
	}
	return nil
}

// Names returns how many names (hard links) a file has.
func Names(info fs.FileInfo) int {
	st, known := info.Sys().(*syscall.Stat_t)
	if !known {
		return 1
	}
	// #nosec G115 -- no file has 2^63 links, and no limit is negative
	return int(st.Nlink)
}

// ErrTooLarge is in the chain of what is said of a file that is larger than
// one of its kind can be. None of it has been read into memory.
var ErrTooLarge = errors.New("is too large")

// ReadSmall returns the content of a regular file of no more than limit bytes.
func ReadSmall(folder, name string, limit int64) ([]byte, error) {
	f, err := OpenRegular(folder, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > limit {
		return nil, tooLarge(f.Name(), limit)
	}
	// It may grow while it is read.
	text, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(text)) > limit {
		err = tooLarge(f.Name(), limit)
	}
	if err != nil {
		return nil, err
	}
	return text, nil
}

func tooLarge(path string, limit int64) error {
	// #nosec G115 -- no file has 2^63 links, and no limit is negative
	return fmt.Errorf("%s %w: it has more than %s", path, ErrTooLarge, HumanBytes(uint64(limit)))
}

// ReadJSON reads a file of JSON of no more than limit bytes.
func ReadJSON(path string, limit int64, into any) error {
	text, err := ReadSmall(filepath.Dir(path), filepath.Base(path), limit)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}
