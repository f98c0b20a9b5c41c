package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Exposed is a file or folder that others than root and one user could change.
type Exposed struct {
	Path string
	// Owner is the user it belongs to, if that is another; else -1.
	Owner int
	Mode  fs.FileMode
}

func (e *Exposed) Error() string {
	if e.Owner >= 0 {
		return fmt.Sprintf("%s belongs to %s, who could change it", e.Path, UserName(e.Owner))
	}
	return fmt.Sprintf("%s has mode %04o, so that others can change it", e.Path, e.Mode.Perm())
}

// CheckGuarded looks at every folder on the way to a path, symbolic links
// followed, and at what lies there, and returns an Exposed for what others than
// root and the user own could change. A part that is not there ends it.
func CheckGuarded(path string, own int) error {
	rest := strings.Split(filepath.Clean(path), "/")[1:]
	at, links := "/", 0
	if err := checkGuarded(at, own, nil); err != nil {
		return err
	}
	for len(rest) > 0 {
		next := filepath.Join(at, rest[0])
		rest = rest[1:]
		info, err := os.Lstat(next)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := checkGuarded(next, own, info); err != nil {
			return err
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			at = next
			continue
		}
		target, err := os.Readlink(next)
		if err != nil {
			return err
		}
		if links++; links > maxLinks {
			return fmt.Errorf("%s leads through too many links", path)
		}
		if filepath.IsAbs(target) {
			at = "/"
		}
		rest = append(strings.FieldsFunc(target, func(r rune) bool { return r == '/' }), rest...)
	}
	return nil
}

// checkGuarded refuses a file or folder that belongs to another user, or that
// others may write. Of a sticky folder, that does not let them change what is not
// theirs; of a link, the mode means nothing.
func checkGuarded(path string, own int, info fs.FileInfo) error {
	if info == nil {
		var err error
		if info, err = os.Lstat(path); err != nil {
			return err
		}
	}
	if owner := OwnerOf(info); owner != 0 && owner != own {
		return &Exposed{Path: path, Owner: owner, Mode: info.Mode()}
	}
	writable := info.Mode().Perm()&0o022 != 0
	if !writable || info.Mode()&fs.ModeSymlink != 0 || info.IsDir() && info.Mode()&fs.ModeSticky != 0 {
		return nil
	}
	return &Exposed{Path: path, Owner: -1, Mode: info.Mode()}
}

// OwnerOf returns the user a file belongs to; -1 where that is not known.
func OwnerOf(info fs.FileInfo) int {
	owner, known := info.Sys().(*syscall.Stat_t)
	if !known {
		return -1
	}
	return int(owner.Uid)
}
