package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Create makes a new file below a folder to be written. Like OpenRegular, it
// follows no link below the folder, and it never opens what is there.
func Create(folder, name string, mode fs.FileMode) (*os.File, error) {
	path := filepath.Join(folder, name)
	at, last, err := openParent(folder, name)
	if err != nil {
		return nil, err
	}
	defer unix.Close(at)
	fd, err := unix.Openat(at, last, unix.O_CREAT|unix.O_EXCL|unix.O_WRONLY|unix.O_NOFOLLOW|unix.O_CLOEXEC, uint32(mode.Perm()))
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return os.NewFile(uintptr(fd), path), nil
}

// CreateAnew is Create for a name of ours that something may be left at: that
// is removed, never written to, since it may be a link to somewhere.
func CreateAnew(path string, mode fs.FileMode) (*os.File, error) {
	folder, name := filepath.Dir(path), filepath.Base(path)
	if err := Remove(folder, name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return Create(folder, name, mode)
}

// MakeBelow makes a folder below another, with those between them, and follows
// no link out of it.
func MakeBelow(folder, name string, mode fs.FileMode) error {
	root, err := OpenFolder(folder)
	if err != nil {
		return err
	}
	defer root.Close()
	return root.MkdirAll(name, mode)
}

// Remove removes a file or an empty folder below a folder.
func Remove(folder, name string) error {
	at, last, err := openParent(folder, name)
	if err != nil {
		return err
	}
	defer unix.Close(at)
	err = unix.Unlinkat(at, last, 0)
	if errors.Is(err, unix.EISDIR) || errors.Is(err, unix.EPERM) {
		if folderErr := unix.Unlinkat(at, last, unix.AT_REMOVEDIR); !errors.Is(folderErr, unix.ENOTDIR) {
			err = folderErr
		}
	}
	if err != nil {
		return &fs.PathError{Op: "remove", Path: filepath.Join(folder, name), Err: err}
	}
	return nil
}

// RemoveAll removes a folder with all that is in it, and nothing that a link
// leads to. One that is not there is removed.
func RemoveAll(path string) error {
	root, err := OpenFolder(filepath.Dir(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer root.Close()
	if err := root.RemoveAll(filepath.Base(path)); err != nil {
		return fmt.Errorf("remove %s: %w", path, err)
	}
	return nil
}
