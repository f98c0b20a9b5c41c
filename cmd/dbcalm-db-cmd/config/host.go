package config

import (
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// Host is what the configuration needs to know of the machine it is for.
type Host struct {
	CPUs int
	// Memory is the installed RAM in bytes; 0 when it cannot be told.
	Memory Size
	// Terminal reports whether stderr is one.
	Terminal bool
	// Program finds an executable: a bare name on PATH, an absolute path as it
	// is. It returns the absolute path.
	Program func(name string) (string, bool)
	// Group reports whether a group of that name or number exists.
	Group func(name string) bool
	// User reports the same of a user.
	User func(name string) bool
}

// ThisHost is the machine this runs on; terminal reports whether the log goes
// to one.
func ThisHost(terminal bool, env func(string) string) Host {
	return Host{
		CPUs:     runtime.NumCPU(),
		Memory:   installedMemory(),
		Terminal: terminal,
		Program:  func(name string) (string, bool) { return findProgram(name, env("PATH")) },
		Group:    groupExists,
		User:     userExists,
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

func installedMemory() Size {
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) != nil {
		return 0
	}
	// #nosec G115 -- Totalram is unsigned everywhere but in name
	return Size(uint64(info.Totalram) * uint64(info.Unit))
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
