package steps

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// OnFinishKeeper is the word by which this program is started as the keeper of
// the on_finish command.
const OnFinishKeeper = "keep"

// KeepOnFinish runs the on_finish command, which the environment holds, in the
// process group of this process, and returns its exit code. The end of ctx,
// which comes with the daemon's death, ends the whole group, this process
// included: a shell alone would leave behind what it has started.
func KeepOnFinish(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer) (int, error) {
	if unix.Getpgrp() != unix.Getpid() {
		return 0, errors.New("not started by the daemon")
	}
	runtime.LockOSThread()
	cmd := exec.Command("/bin/sh", "-c", onFinishScript)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, stdout, stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: unix.SIGKILL}
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("start on_finish: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = unix.Kill(0, unix.SIGKILL) })
	defer stop()
	err := cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if state := exit.Sys().(syscall.WaitStatus); state.Signaled() {
			// As a shell tells of a program that a signal has ended.
			return 128 + int(state.Signal()), nil
		}
		return exit.ExitCode(), nil
	}
	return 0, err
}
