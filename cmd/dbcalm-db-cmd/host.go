package main

import (
	"io"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// host is what the configuration needs to know of the machine it is for.
type host struct {
	cpus int
	// memory is the installed RAM in bytes; 0 when it cannot be told.
	memory byteSize
	// terminal tells whether stderr is one.
	terminal bool
	// program finds an executable: a bare name on PATH, an absolute path as it
	// is. It returns the absolute path.
	program func(name string) (string, bool)
	// group tells whether a group of that name or number exists.
	group func(name string) bool
	// user tells the same of a user.
	user func(name string) bool
}

func thisHost(stderr io.Writer, env func(string) string) host {
	return host{
		cpus:     runtime.NumCPU(),
		memory:   installedMemory(),
		terminal: isTerminal(stderr),
		program:  func(name string) (string, bool) { return findProgram(name, env("PATH")) },
		group:    groupExists,
		user:     userExists,
	}
}

func groupExists(name string) bool {
	if _, err := user.LookupGroup(name); err == nil {
		return true
	}
	// A number needs no entry in the group file to own a socket.
	_, err := strconv.ParseUint(name, 10, 31)
	return err == nil
}

func userExists(name string) bool {
	if _, err := user.Lookup(name); err == nil {
		return true
	}
	_, err := strconv.ParseUint(name, 10, 31)
	return err == nil
}

func installedMemory() byteSize {
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) != nil {
		return 0
	}
	return byteSize(uint64(info.Totalram) * uint64(info.Unit))
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	_, err := unix.IoctlGetTermios(int(file.Fd()), unix.TCGETS)
	return err == nil
}

// findProgram looks a program up by hand: os/exec belongs to another package.
// Relative folders of the list are skipped: a daemon's own folder is no place
// to take programs from.
func findProgram(name, pathList string) (string, bool) {
	if filepath.IsAbs(name) {
		return name, isExecutable(name)
	}
	if name == "" || filepath.Base(name) != name {
		return "", false
	}
	for _, dir := range filepath.SplitList(pathList) {
		if path := filepath.Join(dir, name); filepath.IsAbs(dir) && isExecutable(path) {
			return path, true
		}
	}
	return "", false
}

func isExecutable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}
