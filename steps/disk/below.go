package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// ErrRefused is in the chain of what is said of a file that is there and not
// opened: a link, a special file, a file with other names.
var ErrRefused = errors.New("refused")

// maxLinks is how many links are followed on the way to a folder, as many as
// Linux itself follows.
const maxLinks = 40

// trusted reports whether a link that this user owns is followed.
func trusted(uid uint32) bool { return uid == 0 || int(uid) == os.Geteuid() }

// openFolder opens a folder as a place (O_PATH). A link on the way, or in the
// folder's place, is followed only where root or our own user has made it: an
// administrator may put a folder on another disk, and nobody else may turn a
// path of ours elsewhere. The caller closes what it returns.
func openFolder(path string) (int, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return -1, err
	}
	if fd, err := openLinkless(unix.AT_FDCWD, absolute); err == nil {
		return fd, nil
	}
	at, err := unix.Open("/", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, &fs.PathError{Op: "open", Path: "/", Err: err}
	}
	rest := strings.Split(absolute, "/")
	for links := 0; len(rest) > 0; {
		part := rest[0]
		rest = rest[1:]
		if part == "" {
			continue
		}
		next, target, err := step(at, part)
		if err == nil && target != "" {
			if links++; links > maxLinks {
				err = unix.ELOOP
			}
			rest = slices.Concat(strings.Split(target, "/"), rest)
			if err == nil && !strings.HasPrefix(target, "/") {
				continue
			}
			if err == nil {
				next, err = unix.Open("/", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
			}
		}
		_ = unix.Close(at)
		if err != nil {
			return -1, &fs.PathError{Op: "open", Path: path, Err: err}
		}
		at = next
	}
	return at, nil
}

// openLinkless opens a folder as a place if no part of its path is a link, in one
// call. The kernel may not know it (before Linux 5.6): whoever fails takes the long
// way, which tells why, too.
func openLinkless(at int, path string) (int, error) {
	return unix.Openat2(at, path, &unix.OpenHow{Flags: unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC, Resolve: unix.RESOLVE_NO_SYMLINKS})
}

// step opens the folder of this name, or returns where the link of this name
// leads.
func step(at int, name string) (next int, target string, err error) {
	next, err = unix.Openat(at, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, "", err
	}
	var st unix.Stat_t
	if err = unix.Fstat(next, &st); err == nil {
		switch st.Mode & unix.S_IFMT {
		case unix.S_IFDIR:
			return next, "", nil
		case unix.S_IFLNK:
			target, err = followed(next, name, st.Uid)
		default:
			err = unix.ENOTDIR
		}
	}
	_ = unix.Close(next)
	return -1, target, err
}

// followed returns where an open link leads.
func followed(link int, name string, uid uint32) (string, error) {
	if !trusted(uid) {
		return "", fmt.Errorf("%w: %s is a link of user %s, and only root's and our own are followed: remove it, or let root make it",
			ErrRefused, name, UserName(int(uid)))
	}
	target := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(link, "", target)
	if err == nil && n == 0 {
		err = unix.ENOENT
	}
	return string(target[:max(n, 0)]), err
}

// openParent opens the folder in which a name below folder stands, without
// following any link below folder, and returns the last part of the name.
func openParent(folder, name string) (at int, last string, err error) {
	if !filepath.IsLocal(name) {
		return -1, "", &fs.PathError{Op: "open", Path: filepath.Join(folder, name),
			Err: fmt.Errorf("%w: the name leads out of %s", ErrRefused, folder)}
	}
	if at, err = openFolder(folder); err != nil {
		return -1, "", err
	}
	parent, last := filepath.Split(filepath.Clean(name))
	if parent == "" {
		return at, last, nil
	}
	if next, err := openLinkless(at, parent); err == nil {
		_ = unix.Close(at)
		return next, last, nil
	}
	parts := strings.Split(filepath.Clean(name), "/")
	for _, part := range parts[:len(parts)-1] {
		next, err := unix.Openat(at, part, unix.O_PATH|unix.O_NOFOLLOW|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		_ = unix.Close(at)
		if err != nil {
			return -1, "", &fs.PathError{Op: "open", Path: filepath.Join(folder, name), Err: err}
		}
		at = next
	}
	return at, last, nil
}

// OpenFolder opens a folder like openFolder, as what nothing leads out of. Its
// errors name paths relative to it.
func OpenFolder(path string) (*os.Root, error) {
	at, err := openFolder(path)
	if err != nil {
		return nil, err
	}
	defer unix.Close(at)
	root, err := os.OpenRoot(fmt.Sprintf("/proc/self/fd/%d", at))
	if err != nil {
		if inner, found := errors.AsType[*fs.PathError](err); found {
			err = inner.Err
		}
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return root, nil
}

// ReadDir lists a folder, in order of the names.
func ReadDir(path string) ([]fs.DirEntry, error) {
	root, err := OpenFolder(path)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return fs.ReadDir(root.FS(), ".")
}
