package disk

import (
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
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

// adoptOwner gives everything in folder the owner of model, and folder itself
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
	err = filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, int(owner.Uid), int(owner.Gid))
	})
	if err == nil {
		err = os.Chmod(folder, info.Mode().Perm())
	}
	if err != nil {
		return fmt.Errorf("set owner: %w", err)
	}
	return nil
}
