package disk

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// SeparateSuffix is the end of the name under which Separate writes.
const SeparateSuffix = ".separate"

// Separate makes a regular file below a folder one that has no other names: if
// it has, a copy takes its place. Who holds another name may change the file,
// and a backup is to hold what was copied.
func Separate(folder, name string) (err error) {
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
	target, err := CreateAnew(filepath.Join(folder, name+SeparateSuffix), info.Mode().Perm())
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	if err == nil {
		err = target.Sync()
	}
	if closeErr := target.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = root.Rename(name+SeparateSuffix, name)
	}
	if err != nil {
		_ = os.Remove(target.Name())
		return fmt.Errorf("copy %s, which has other names: %w%s", name, err, FullAdvice(err))
	}
	return nil
}
