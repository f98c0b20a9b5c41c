package disk

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Separate makes a regular file below a folder one that has no other names: if
// it has, a copy takes its place. Who holds another name may change the file,
// and a backup is to hold what was copied. Temporary is the path that the copy is
// written to first, on the same file system; what is there is removed.
func Separate(folder, name, temporary string) (err error) {
	root, err := OpenFolder(folder)
	if err != nil {
		return err
	}
	defer root.Close()
	info, err := root.Lstat(name)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() || Names(info) < 2 {
		return nil
	}
	source, err := root.Open(name)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := CreateAnew(temporary, info.Mode().Perm())
	if err != nil {
		return err
	}
	err = CopyHoles(context.Background(), &EagerFile{File: target}, source, io.Discard)
	if err == nil {
		err = target.Sync()
	}
	if closeErr := target.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = between("rename", temporary, filepath.Join(folder, name), func(source int, old string, target int, name string) error {
			return unix.Renameat(source, old, target, name)
		})
	}
	if err != nil {
		_ = os.Remove(target.Name())
		return fmt.Errorf("copy %s, which has other names: %w%s", name, err, FullAdvice(err))
	}
	return nil
}
