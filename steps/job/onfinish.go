package job

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

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

// Finished is what the on_finish command is told of an operation that has
// ended.
type Finished struct {
	Operation string
	Machine   string
	Backup    string
	Status    string
	// AskedBy is who asked for it, for people; empty if nobody knows.
	AskedBy string
	// JSON comes on the command's standard input.
	JSON []byte
}

// onFinishVariable hands the command to its keeper and to the shell. It may
// hold a secret, and unlike a command line an environment is its owner's only.
const onFinishVariable = "DBCALM_ON_FINISH"

// onFinishScript runs what the variable holds, out of the sight of the
// programs that this starts.
const onFinishScript = `command=$` + onFinishVariable + `; unset ` + onFinishVariable + `; eval "$command"`

// pipePatience is how long a program that has left the command's process group
// may keep its output open.
const pipePatience = time.Second

// RunOnFinish runs the on_finish command to its end, and whatever it has
// started in its process group with it. Its error is the command's failure,
// with the last it said; ErrStopping if the daemon stops meanwhile: then the
// command has been killed and is to be run again.
func (y *Yard) RunOnFinish(ctx context.Context, f Finished) error {
	// The kernel ends the keeper with the thread that started it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	printed := &output{}
	cmd := exec.Command("/proc/self/exe", OnFinishKeeper)
	cmd.Args[0] = "dbcalm-db-cmd"
	cmd.Dir = "/"
	cmd.Env = y.onFinishEnvironment(f)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(f.JSON), printed, printed
	cmd.WaitDelay = pipePatience
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: unix.SIGTERM}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("on_finish cannot be started: %w: mend that, then the next operation's end is told", err)
	}
	ended := make(chan struct{})
	go func() {
		awaitEnd(cmd.Process.Pid)
		close(ended)
	}()
	timer := time.NewTimer(y.OnFinishTimeout)
	defer timer.Stop()
	var late, stopping bool
	select {
	case <-ended:
	case <-ctx.Done():
		stopping = true
	case <-timer.C:
		late = true
	}
	// Until it is waited for, its number is nobody else's. An error says that
	// nothing is left.
	_ = unix.Kill(-cmd.Process.Pid, unix.SIGKILL)
	<-ended
	err := cmd.Wait()
	said := y.lastWords(printed)
	var exit *exec.ExitError
	switch {
	case stopping:
		return context.Cause(ctx)
	case late:
		return fmt.Errorf("on_finish took longer than %s and was killed%s: let it do less, or raise on_finish_timeout", y.OnFinishTimeout, said)
	case errors.As(err, &exit) && exit.Exited():
		return fmt.Errorf("on_finish ended with exit code %d%s: try it by hand on the output of operations show %s --json",
			exit.ExitCode(), said, f.Operation)
	case errors.As(err, &exit):
		signal := exit.Sys().(syscall.WaitStatus).Signal()
		return fmt.Errorf("on_finish was ended by %s%s: try it by hand on the output of operations show %s --json",
			unix.SignalName(signal), said, f.Operation)
	}
	// That its output was kept open, or its input not read, is no failure.
	return nil
}

// awaitEnd waits until a child has ended and leaves it to be waited for.
func awaitEnd(pid int) {
	for unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
	}
}

func (y *Yard) onFinishEnvironment(f Finished) []string {
	// The command is no part of the daemon that systemd watches.
	environment := slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return strings.HasPrefix(variable, "NOTIFY_SOCKET=") || strings.HasPrefix(variable, "WATCHDOG_")
	})
	return append(environment,
		onFinishVariable+"="+y.OnFinish,
		"DBCALM_OPERATION_ID="+f.Operation, "DBCALM_BACKUP_ID="+f.Backup, "DBCALM_STATUS="+f.Status, "DBCALM_MACHINE="+f.Machine,
		"DBCALM_ASKED_BY="+f.AskedBy)
}

// lastWords is the last line the command printed, as part of a sentence.
func (y *Yard) lastWords(printed *output) string {
	lines := strings.Split(strings.TrimSpace(y.Redactor().Replace(printed.tail())), "\n")
	last := lines[len(lines)-1]
	if last == "" {
		return ""
	}
	if len(last) > lineLimit {
		last = strings.ToValidUTF8(last[:lineLimit], "") + "…"
	}
	return fmt.Sprintf(" and said %q", last)
}
