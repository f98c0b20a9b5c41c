package job

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/disk"
)

// Rights are those of the user that a program runs as, where that is not our
// own. It then reads and writes what that user may, and nothing else: a link to
// somebody else's file leads it nowhere.
//
// What it needs of ours is lent to it, as open files that only it has. Nothing on
// the way to them has to be opened to its user:
//
//	Spec.Output   its own for as long as it runs, then ours again, with all in it
//	Private       a copy in memory, such as of a file with a password
//
// In its arguments their paths stand for the open files.
type Rights struct {
	UID    uint32   `json:"uid"`
	GID    uint32   `json:"gid"`
	Groups []uint32 `json:"groups"`
	// Private is the path of a file that only we can read.
	Private string `json:"private"`
}

// The open files that a program is lent, as it finds them.
const (
	lentOutput  = "/proc/self/fd/3"
	lentPrivate = "/proc/self/fd/4"
	// maxPrivate is how large a private file can be, in bytes.
	maxPrivate = 1 << 20
)

// CanLend reports whether this process may start programs with the rights of
// others, and end them.
func CanLend() bool {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData
	if err := unix.Capget(&header, &sets[0]); err != nil {
		return false
	}
	needed := uint32(1<<unix.CAP_SETUID | 1<<unix.CAP_SETGID | 1<<unix.CAP_KILL | 1<<unix.CAP_CHOWN)
	return sets[0].Effective&needed == needed
}

// Lend prepares a program, which writes into a folder, to run with other rights than
// ours. What it returns closes our own ends of what it is lent.
func (r *Rights) Lend(cmd *exec.Cmd, folder string) (closeOurs func(), err error) {
	closeOurs = func() {
		for _, f := range cmd.ExtraFiles {
			_ = f.Close()
		}
	}
	output, err := lendFolder(folder, r.UID)
	if err != nil {
		return closeOurs, fmt.Errorf("lend %s: %w", folder, err)
	}
	cmd.ExtraFiles = append(cmd.ExtraFiles, output)
	private, err := r.copyPrivate()
	if err != nil {
		return closeOurs, fmt.Errorf("lend a copy of %s: %w", r.Private, err)
	}
	cmd.ExtraFiles = append(cmd.ExtraFiles, private)
	for i, arg := range cmd.Args {
		name, value, _ := strings.Cut(arg, "=")
		switch value {
		case folder:
			cmd.Args[i] = name + "=" + lentOutput
		case folder + "/":
			cmd.Args[i] = name + "=" + lentOutput + "/"
		case r.Private:
			cmd.Args[i] = name + "=" + lentPrivate
		}
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: r.UID, Gid: r.GID, Groups: r.Groups}}
	return closeOurs, nil
}

// lendFolder gives a folder to a user, and opens it. Its group stays: what is in
// it gets that group when it is ours again.
func lendFolder(path string, uid uint32) (*os.File, error) {
	root, err := disk.OpenFolder(path)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	if err := root.Chown(".", int(uid), -1); err != nil {
		return nil, err
	}
	return root.Open(".")
}

// copyPrivate returns a copy of the private file that only the user can open, and
// nobody find.
func (r *Rights) copyPrivate() (*os.File, error) {
	source, err := os.Open(r.Private)
	if err != nil {
		return nil, err
	}
	defer source.Close()
	fd, err := unix.MemfdCreate("private", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), "private")
	n, err := io.Copy(f, io.LimitReader(source, maxPrivate+1))
	if err == nil && n > maxPrivate {
		err = disk.ErrTooLarge
	}
	// A file that everybody may write is ignored by those who look for passwords.
	if err == nil {
		err = f.Chmod(0o400)
	}
	if err == nil {
		err = f.Chown(int(r.UID), int(r.GID))
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// takeBack makes a folder that was lent, and all that is in it, our own: the
// folder first, so that nothing is put into it meanwhile. Links are given to us
// as what they are, and are followed by nobody. Of each it tells what it was
// before and after.
func takeBack(path string, moved func(name string, before, after fs.FileInfo)) error {
	root, err := disk.OpenFolder(path)
	if err != nil {
		return err
	}
	defer root.Close()
	info, err := root.Lstat(".")
	if err != nil {
		return err
	}
	uid, gid := os.Geteuid(), -1
	if st, known := info.Sys().(*syscall.Stat_t); known {
		gid = int(st.Gid)
	}
	return fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		before, err := root.Lstat(name)
		if err == nil {
			err = root.Lchown(name, uid, gid)
		}
		if err != nil {
			return err
		}
		after, err := root.Lstat(name)
		if err == nil {
			moved(name, before, after)
		}
		return err
	})
}

// untold puts the true paths back into what the program has printed.
func (r *Rights) untold(text string, spec Spec) string {
	return strings.NewReplacer(lentOutput, spec.Output, lentPrivate, r.Private).Replace(text)
}
