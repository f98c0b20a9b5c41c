package disk

import (
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"slices"
	"strconv"
	"syscall"
)

// Ownership says for people whose a file is, and who may use it.
func Ownership(info fs.FileInfo) string {
	owner, known := info.Sys().(*syscall.Stat_t)
	if !known {
		return fmt.Sprintf("mode %04o", info.Mode().Perm())
	}
	return fmt.Sprintf("owner %s, group %s, mode %04o", UserName(int(owner.Uid)), GroupName(int(owner.Gid)), info.Mode().Perm())
}

// UserName returns a user's name, or its number if it has none.
func UserName(uid int) string {
	number := strconv.Itoa(uid)
	if u, err := user.LookupId(number); err == nil {
		return u.Username
	}
	return number
}

// GroupName returns a group's name, or its number if it has none.
func GroupName(gid int) string {
	number := strconv.Itoa(gid)
	if g, err := user.LookupGroupId(number); err == nil {
		return g.Name
	}
	return number
}

// AdoptOwner gives everything in folder the owner of model, and folder itself
// its mode too: the server runs as that user.
func AdoptOwner(folder, model string) error {
	info, err := os.Stat(model)
	if err != nil {
		return fmt.Errorf("set owner: %w", err)
	}
	owner, known := info.Sys().(*syscall.Stat_t)
	if !known {
		return fmt.Errorf("set owner: %s has none", model)
	}
	root, err := OpenFolder(folder)
	if err != nil {
		return fmt.Errorf("set owner: %w", err)
	}
	defer root.Close()
	if err = adopt(root, int(owner.Uid), int(owner.Gid)); err == nil {
		err = root.Chmod(".", info.Mode().Perm())
	}
	if err != nil {
		return fmt.Errorf("set owner: %s: %w", folder, err)
	}
	return nil
}

// CanGive reports whether a folder, which is ours, can be another user's: file
// systems of other machines and systems often know of one user only.
func CanGive(folder string, uid int) bool {
	root, err := OpenFolder(folder)
	if err != nil {
		return false
	}
	defer root.Close()
	if root.Chown(".", uid, -1) != nil {
		return false
	}
	given := false
	if info, err := root.Lstat("."); err == nil {
		st, known := info.Sys().(*syscall.Stat_t)
		given = known && int(st.Uid) == uid
	}
	return root.Chown(".", os.Geteuid(), -1) == nil && given
}

// adopt gives everything below root to an owner, and last of all root itself:
// until then the new owner cannot reach what is in it, to put a link to
// somebody else's file there.
func adopt(root *os.Root, uid, gid int) error {
	var names []string
	err := fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if info, err := entry.Info(); err != nil {
			return err
		} else if n := Names(info); !info.IsDir() && n > 1 {
			return fmt.Errorf("%w: %s has %d names (hard links)", ErrRefused, name, n)
		}
		names = append(names, name)
		return nil
	})
	for _, name := range slices.Backward(names) {
		if err == nil {
			err = root.Lchown(name, uid, gid)
		}
	}
	return err
}
