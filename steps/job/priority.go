package job

import (
	"os"

	"golang.org/x/sys/unix"
)

// What a job takes of a busy machine: a third of the CPU time of an ordinary
// process, and the last turn at the disk among those that do not wait for an
// idle one. Not less: the tool holds locks of the server for some moments of a
// backup, and whoever starves it then stops all commits.
const (
	jobNice       = 5
	ioBestEffort7 = ioBestEffort<<ioClassShift | 7
)

// The numbers of ioprio_set(2).
const (
	ioWhoProcess = 1
	ioWhoGroup   = 2
	ioBestEffort = 2
	ioIdle       = 3
	ioClassShift = 13
)

// yieldToServer lowers the priority of every thread of this process, and so of
// the programs it starts: the server comes first. Who has been given less
// already keeps that. Only the leader of a process group does it, for the
// kernel knows no other way to reach all threads at once.
func yieldToServer() {
	if unix.Getpgrp() != os.Getpid() {
		return
	}
	// Everything runs at the priority it has where this is refused.
	if raw, err := unix.Getpriority(unix.PRIO_PROCESS, 0); err == nil && niceness(raw) < jobNice {
		_ = unix.Setpriority(unix.PRIO_PGRP, 0, jobNice)
	}
	if now, _, errno := unix.Syscall(unix.SYS_IOPRIO_GET, ioWhoProcess, 0, 0); errno == 0 && now>>ioClassShift != ioIdle {
		_, _, _ = unix.Syscall(unix.SYS_IOPRIO_SET, ioWhoGroup, 0, ioBestEffort7)
	}
}

// niceness converts what the system call answers, which is never negative
// (getpriority(2)).
func niceness(raw int) int { return 20 - raw }
