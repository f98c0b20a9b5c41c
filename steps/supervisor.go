package steps

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/crashpoint"
)

// The descriptors a supervisor is started with beside the usual three.
const (
	// goFD yields one byte when the daemon has recorded the supervisor; its
	// end before that means that the daemon is gone.
	goFD = 3
	// pidFD takes the program's pid, for the table clients read.
	pidFD = 4
)

// supervisorName is what ps and top call a supervisor, at most 15 bytes.
var supervisorName = []byte("dbcalm-job\x00")

// resultRetry is how long to wait before trying again to write a result for
// which the disk has no room.
const resultRetry = time.Second

// Supervise runs the job of a folder: it waits for the daemon's go, starts the
// program, waits for its end and writes the result. The program dies with it.
// The end of ctx stops the program. It returns an error only if the job was
// not begun; the result then is missing for good.
func Supervise(ctx context.Context, folder string) error {
	// PDEATHSIG is tied to the thread that starts the program, which must
	// therefore live as long as this process does.
	runtime.LockOSThread()
	// Started through /proc/self/exe, it would be called "exe" in ps and top. A
	// name is a convenience: it does without if that is refused.
	_ = unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(&supervisorName[0])), 0, 0, 0)
	var spec JobSpec
	if err := readJSON(filepath.Join(folder, specFile), &spec); err != nil {
		return fmt.Errorf("read job: %w", err)
	}
	if !granted() {
		return errors.New("the daemon ended before it let the job go")
	}
	crashpoint.Here("supervisor-granted")
	raiseFileLimit()
	result := runProgram(folder, spec, ctx.Done())
	crashpoint.Here("supervisor-ended")
	writeResult(folder, result, ctx.Done())
	crashpoint.Here("supervisor-result")
	return nil
}

// granted waits for the daemon's go.
func granted() bool {
	f := os.NewFile(goFD, "go")
	if f == nil {
		return false
	}
	defer f.Close()
	n, err := f.Read(make([]byte, 1))
	return n == 1 && err == nil
}

// raiseFileLimit lets the tool open as many files as the host allows: it holds
// one descriptor a table.
func raiseFileLimit() {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) == nil {
		limit.Cur = limit.Max
		// The program runs with the limit it has if this is refused, and says so
		// itself if that is too low.
		_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
	}
}

func runProgram(folder string, spec JobSpec, stop <-chan struct{}) JobResult {
	result := JobResult{ExitCode: -1, Started: time.Now().UTC()}
	printed := &output{}
	if log, err := os.OpenFile(filepath.Join(folder, outputFile), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600); err == nil {
		defer log.Close()
		printed.log = log
	}
	cmd := exec.Command(spec.Path, spec.Args...)
	cmd.Dir = spec.Dir
	cmd.Stdout, cmd.Stderr = printed, printed
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: unix.SIGKILL}
	if err := cmd.Start(); err != nil {
		result.StartError, result.Ended = err.Error(), time.Now().UTC()
		return result
	}
	crashpoint.Here("supervisor-started")
	announce(folder, cmd.Process.Pid)
	ended := make(chan struct{})
	var stopped bool
	var watching sync.WaitGroup
	watching.Go(func() { stopped = stopProgram(cmd.Process, spec.Grace, stop, ended) })
	err := cmd.Wait()
	close(ended)
	watching.Wait()
	printed.endLine()
	if err == nil {
		if err := syncFileSystem(spec.Output); err != nil {
			result.SyncError = err.Error()
		}
	}
	result.Ended, result.Stopped, result.Tail, result.Complaints = time.Now().UTC(), stopped, printed.tail(), printed.complaints
	if state, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && state.Signaled() {
		result.Signal = unix.SignalName(state.Signal())
	} else {
		result.ExitCode = cmd.ProcessState.ExitCode()
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		// The program ended, but not all it printed could be read.
		result.ExitCode, result.Tail = -1, result.Tail+"\n"+err.Error()
	}
	return result
}

// announce tells the daemon, now and after a restart, which program runs.
// Neither is needed for the job to go on.
func announce(folder string, pid int) {
	if id, err := Identify(pid); err == nil {
		_ = writeJSON(filepath.Join(folder, startedFile), id)
	}
	if f := os.NewFile(pidFD, "pid"); f != nil {
		_, _ = fmt.Fprintf(f, "%d\n", pid)
		_ = f.Close()
	}
}

// stopProgram waits for a request to stop and then signals the program:
// SIGINT, which mariabackup obeys while it blocks SIGTERM, and SIGKILL after
// the grace period. It tells whether it was asked to.
func stopProgram(p *os.Process, grace time.Duration, stop <-chan struct{}, ended <-chan struct{}) bool {
	select {
	case <-ended:
		return false
	case <-stop:
	}
	_ = p.Signal(unix.SIGINT)
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-ended:
	case <-timer.C:
		_ = p.Kill()
	}
	return true
}

// writeResult writes the result, for as long as it takes: a full state disk
// must not make a finished backup look interrupted.
func writeResult(folder string, result JobResult, stop <-chan struct{}) {
	for writeJSON(filepath.Join(folder, resultFile), result) != nil {
		select {
		case <-stop:
			return
		case <-time.After(resultRetry):
		}
		if gone, err := exists(folder); err == nil && !gone {
			return
		}
	}
}
