package client

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// Refusal is an answer of the daemon that is no success.
type Refusal struct {
	// Code and Status are 400 and its like, and the phrase that goes with it.
	Code   int
	Status string
	// Message is a sentence for the person who asked.
	Message string
}

func (r *Refusal) Error() string {
	if r.Message == "" {
		return fmt.Sprintf("the daemon answered %d %s", r.Code, r.Status)
	}
	return r.Message
}

// Unreachable says that there was no daemon to talk to, and what to do.
type Unreachable struct {
	// Path is the socket that was tried.
	Path string
	// Advice is what the person who asked can do about it.
	Advice string
	// Err is what the system said.
	Err error
}

func (u *Unreachable) Error() string {
	return fmt.Sprintf("connect to the daemon on %s: %v; %s", u.Path, rootCause(u.Err), u.Advice)
}

// Unwrap returns what the system said.
func (u *Unreachable) Unwrap() error { return u.Err }

// rootCause leaves out the address, which the message already names.
func rootCause(err error) error {
	if number, ok := errors.AsType[syscall.Errno](err); ok {
		return number
	}
	return err
}

func unreachable(path string, err error) *Unreachable {
	advice := "is the path right, and is the daemon running?"
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ECONNREFUSED):
		advice = "the daemon may not be running: start it, or name the socket it listens on"
	case errors.Is(err, fs.ErrPermission):
		advice = "you may not use it: run this as root" + orAsMember(path)
	}
	return &Unreachable{Path: path, Advice: advice, Err: err}
}

// orAsMember names the group that may use the socket, if it can be seen.
func orAsMember(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		info, err = os.Stat(filepath.Dir(path))
	}
	if err != nil {
		return ""
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || info.Mode().Perm()&0o020 == 0 && info.Mode().Type() == fs.ModeSocket {
		return ""
	}
	return " or as a member of group " + groupName(int(owner.Gid))
}
