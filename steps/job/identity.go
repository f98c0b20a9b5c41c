package job

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/crashpoint"
)

// bootIDPath is where Linux tells one boot from the next (random(4)).
const bootIDPath = "/proc/sys/kernel/random/boot_id"

// CurrentBoot returns the id of the boot this process runs in.
func CurrentBoot() (string, error) {
	if simulated := crashpoint.BootID(); simulated != "" {
		return simulated, nil
	}
	text, err := os.ReadFile(bootIDPath)
	if err != nil {
		return "", fmt.Errorf("read boot id: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// ErrGone: the process of an identity no longer runs.
var ErrGone = errors.New("process is gone")

// Identity names a process for ever: its pid may be given to another one, but
// not with the same start time in the same boot.
type Identity struct {
	PID int `json:"pid"`
	// StartTicks is field 22 of /proc/PID/stat (proc_pid_stat(5)).
	StartTicks uint64 `json:"start_ticks"`
	BootID     string `json:"boot_id"`
}

// Identify returns the identity of a running process, or ErrGone.
func Identify(pid int) (Identity, error) {
	ticks, err := StartTicks(pid)
	if err != nil {
		return Identity{}, err
	}
	boot, err := CurrentBoot()
	return Identity{PID: pid, StartTicks: ticks, BootID: boot}, err
}

// StartTicks reads a process's start time. A zombie counts as gone: it does
// nothing any more.
func StartTicks(pid int) (uint64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ESRCH) {
		return 0, ErrGone
	}
	if err != nil {
		return 0, fmt.Errorf("read process %d: %w", pid, err)
	}
	// The second field is the name in parentheses, which may hold anything.
	_, rest, found := strings.Cut(string(text[strings.LastIndexByte(string(text), ')')+1:]), " ")
	fields := strings.Fields(rest)
	if !found || len(fields) < 20 {
		return 0, fmt.Errorf("read process %d: unexpected format of stat", pid)
	}
	if fields[0] == "Z" || fields[0] == "X" {
		return 0, ErrGone
	}
	return strconv.ParseUint(fields[19], 10, 64)
}

// handle is an open reference to one process, immune to the reuse of pids.
type handle struct{ pidfd *os.File }

// open returns a handle on the process, or ErrGone if it has ended, whoever
// has its pid now.
func (id Identity) open() (*handle, error) {
	if id.PID <= 0 {
		return nil, ErrGone
	}
	boot, err := CurrentBoot()
	if err != nil {
		return nil, err
	}
	if boot != id.BootID {
		return nil, ErrGone
	}
	fd, err := unix.PidfdOpen(id.PID, unix.PIDFD_NONBLOCK)
	if errors.Is(err, unix.ESRCH) || errors.Is(err, unix.EINVAL) {
		return nil, ErrGone
	}
	if err != nil {
		return nil, fmt.Errorf("open process %d: %w", id.PID, err)
	}
	h := &handle{pidfd: os.NewFile(uintptr(fd), "pidfd")}
	// Only now that the descriptor holds the process fast does a comparison of
	// its start time say whom later signals will reach.
	ticks, err := StartTicks(id.PID)
	if err == nil && ticks != id.StartTicks {
		err = ErrGone
	}
	if err != nil {
		h.close()
		return nil, err
	}
	return h, nil
}

func (h *handle) close() { _ = h.pidfd.Close() }

// signal sends sig; a process that has ended is no error.
func (h *handle) signal(sig unix.Signal) error {
	raw, err := h.pidfd.SyscallConn()
	if err != nil {
		return err
	}
	var sent error
	if err := raw.Control(func(fd uintptr) { sent = unix.PidfdSendSignal(int(fd), sig, nil, 0) }); err != nil {
		return err
	}
	if errors.Is(sent, unix.ESRCH) {
		return nil
	}
	return sent
}

// wait returns when the process has ended, or with the cause of ctx's end. A
// pidfd becomes readable when its process ends (pidfd_open(2)).
func (h *handle) wait(ctx context.Context) error {
	raw, err := h.pidfd.SyscallConn()
	if err != nil {
		return err
	}
	expired := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(expired)
		_ = h.pidfd.SetReadDeadline(time.Unix(1, 0))
	})
	err = raw.Read(readable)
	if !stop() {
		// The deadline stays with the descriptor: the next wait must not find it.
		<-expired
		if resetErr := h.pidfd.SetReadDeadline(time.Time{}); err == nil {
			err = resetErr
		}
	}
	if ctx.Err() != nil && errors.Is(err, os.ErrDeadlineExceeded) {
		return context.Cause(ctx)
	}
	return err
}

// ended reports whether the process has ended.
func (h *handle) ended() (bool, error) {
	raw, err := h.pidfd.SyscallConn()
	if err != nil {
		return false, err
	}
	var ended bool
	err = raw.Control(func(fd uintptr) { ended = readable(fd) })
	return ended, err
}

func readable(fd uintptr) bool {
	// #nosec G115 -- a descriptor is a small number
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	n, _ := unix.Poll(fds, 0)
	return n > 0
}
