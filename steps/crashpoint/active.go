//go:build crashpoints

// Package crashpoint names the places between two effects at which the crash
// tests stop the program. This is the build for those tests.
package crashpoint

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// The environment of a program under test.
const (
	// envDir is a folder; a file in it named for a point arms that point.
	envDir = "DBCALM_CRASH_DIR"
	// bootFile in that folder holds the boot id to pretend.
	bootFile = "boot_id"
)

// Here stops the program with SIGSTOP if the point is armed, once: the test
// then kills whatever it wants to and lets the rest go on. The armed file is
// renamed to NAME.hit first, which is how the test learns of it.
func Here(name string) {
	dir := os.Getenv(envDir)
	if dir == "" {
		return
	}
	armed := filepath.Join(dir, name)
	if os.Rename(armed, armed+".hit") != nil {
		return
	}
	// Sent to the process, the signal may take its time to reach this thread.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	_ = unix.Tgkill(os.Getpid(), unix.Gettid(), unix.SIGSTOP)
}

// BootID returns the boot id a crash test pretends, empty for none.
func BootID() string {
	text, err := os.ReadFile(filepath.Join(os.Getenv(envDir), bootFile))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}
