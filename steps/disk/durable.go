package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"dbcalm-db-cmd/steps/crashpoint"
)

// TemporarySuffix marks a file that is not yet, or never was, what its name
// says.
const TemporarySuffix = ".tmp"

// MaxName is how long the name of a file can be, in bytes (NAME_MAX).
const MaxName = 255

// WriteDurably puts content into path by way of a temporary name: after a
// crash, power loss included, path holds all of it or is as it was.
func WriteDurably(path string, content []byte, mode fs.FileMode) (err error) {
	temporary := path + TemporarySuffix
	f, err := CreateAnew(temporary, mode)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(temporary)
		}
	}()
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	crashpoint.Here("durable-written")
	if err := os.Rename(temporary, path); err != nil {
		return err
	}
	crashpoint.Here("durable-renamed")
	return SyncDir(filepath.Dir(path))
}

// SyncDir makes the names in a folder durable. On the way to it foreign links are
// refused, as in OpenFolder.
func SyncDir(path string) error {
	root, err := OpenFolder(path)
	if err != nil {
		return err
	}
	defer root.Close()
	d, err := root.Open(".")
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("sync folder %s: %w", path, err)
	}
	return nil
}

// MakeFolder makes a folder, with those above it that are missing, and makes
// their names durable: what is later made durable inside is lost with them. None
// is made behind a foreign link.
func MakeFolder(path string, mode fs.FileMode) error {
	if there, err := Exists(path); err != nil || there {
		return err
	}
	parent := filepath.Dir(path)
	if err := MakeFolder(parent, mode); err != nil {
		return err
	}
	root, err := OpenFolder(parent)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := root.Mkdir(filepath.Base(path), mode); err != nil && !errors.Is(err, fs.ErrExist) {
		return &fs.PathError{Op: "mkdir", Path: path, Err: innermost(err)}
	}
	return SyncDir(parent)
}

// innermost is an error without the name that a handle knows a file by.
func innermost(err error) error {
	if inner, found := errors.AsType[*fs.PathError](err); found {
		return inner.Err
	}
	return err
}

// MakePrivate makes a folder of our own that nobody else may enter. One that is
// there must be just that: in a folder of somebody else's, another may have made
// it.
func MakePrivate(path string) error {
	const private = 0o700
	if err := MakeFolder(path, private); err != nil {
		return err
	}
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	st, known := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || !known || int(st.Uid) != os.Geteuid() || info.Mode().Perm()&^private != 0 {
		return fmt.Errorf("%w: %s was there already, and is no private folder of ours (%s): find out who made it, then remove it",
			ErrRefused, path, Ownership(info))
	}
	return nil
}

// SyncFile makes a file's content durable.
func SyncFile(path string) error {
	f, err := OpenRegular(filepath.Dir(path), filepath.Base(path))
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return fmt.Errorf("sync %s: %w", path, err)
	}
	return nil
}

// Exists reports whether there is anything of that name.
func Exists(path string) (bool, error) {
	_, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}
