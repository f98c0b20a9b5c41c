package job

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"

	"dbcalm-db-cmd/steps/crashpoint"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/stream"
)

// The descriptors a supervisor is started with beside the usual three.
const (
	// goFD yields the job's shell command between two goBytes when the daemon has
	// recorded the supervisor; less means that the daemon is gone.
	goFD   = 3
	goByte = 'g'
	// pidFD takes the program's pid, for the table clients read.
	pidFD = 4
	// watchFD is the watch of the file system, if the Spec has one.
	watchFD = 5
)

// supervisorName is what ps and top call a supervisor, at most 15 bytes.
const supervisorName = "dbcalm-job"

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
	_ = os.WriteFile("/proc/self/comm", []byte(supervisorName), 0)
	var spec Spec
	if err := disk.ReadJSON(filepath.Join(folder, SpecFile), maxFile, &spec); err != nil {
		return fmt.Errorf("read job: %w", err)
	}
	// Asked before the go, which only a daemon that lives can give.
	daemon := os.Getppid()
	shell, granted := grant()
	if !granted {
		return errors.New("the daemon ended before it let the job go")
	}
	crashpoint.Here("supervisor-granted")
	raiseFileLimit()
	boundMemory()
	yieldToServer()
	result := runJob(folder, spec, shell, daemon, ctx.Done())
	crashpoint.Here("supervisor-ended")
	writeResult(folder, result, ctx.Done())
	crashpoint.Here("supervisor-result")
	return nil
}

// grant waits for the daemon's go, and takes the shell command that comes with
// it.
func grant() (shell string, granted bool) {
	f := os.NewFile(goFD, "go")
	if f == nil {
		return "", false
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	if err != nil || len(text) < 2 || text[0] != goByte || text[len(text)-1] != goByte {
		return "", false
	}
	return string(text[1 : len(text)-1]), true
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

// memoryLimit is from which size on memory that is not used any more is looked for
// at once, in bytes: the server needs it more.
const memoryLimit = 48 << 20

// boundMemory keeps the supervisor small, unless the environment says how large it
// may be (GOMEMLIMIT). The daemon does without: with a thousand clients it would
// look for unused memory all the time.
func boundMemory() {
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(memoryLimit)
	}
}

// runJob runs the job's programs to their end and tells what it saw. Daemon is the
// pid of the one that has let it go.
func runJob(folder string, spec Spec, shell string, daemon int, stop <-chan struct{}) Result {
	result := Result{ExitCode: -1, Started: time.Now().UTC()}
	p := &pipeline{folder: folder, spec: spec}
	var out *filled
	err := emptyOutput(spec)
	if err == nil {
		out = beginOutput(spec)
		defer out.close()
		err = p.start(shell)
	}
	if err != nil {
		result.StartError, result.Ended = err.Error(), time.Now().UTC()
		return result
	}
	p.run(stop)
	p.close()
	result.Fault, result.Stopped = p.fault, p.stopped
	result.Damaged = p.damaged && p.fault != ""
	if p.main == nil && !p.failed {
		result.ExitCode = 0
	}
	if p.main != nil {
		result.ExitCode, result.Signal = p.main.exitCode, p.main.signal
		result.Tail, result.Complaints, result.Omissions = p.main.printed.tail(), p.main.printed.complaints, p.main.printed.omissions
		if p.main.unread != nil {
			// The program ended, but not all it printed could be read.
			result.ExitCode, result.Tail = -1, result.Tail+"\n"+p.main.unread.Error()
		}
	}
	if r := spec.Rights; r != nil {
		result.Tail = r.untold(result.Tail, spec)
		for i, line := range result.Complaints {
			result.Complaints[i] = r.untold(line, spec)
		}
		if err := takeBack(spec.Output, out.digests.Moved); err != nil {
			result.SyncError = fmt.Sprintf("take back what was lent to the program: %v", err)
		}
	}
	if p.shell != nil {
		result.ShellTail = p.shell.printed.tail()
	}
	if p.carry != nil && !p.failed {
		r := p.carry.result
		result.Stream = &stream.Stored{PlainSize: r.PlainSize, StoredSize: r.StoredSize, SHA256: r.SHA256}
	}
	switch {
	case p.failed || p.stopped || result.SyncError != "":
	case spec.Unsynced && os.Getppid() == daemon:
		result.Unsynced = true
	default:
		if err := out.complete(stop); err != nil {
			result.SyncError = err.Error()
		}
	}
	result.Ended = time.Now().UTC()
	return result
}

// emptyOutput gives a program that must find its folder empty a new one.
func emptyOutput(spec Spec) error {
	if !spec.Empty {
		return nil
	}
	if err := disk.RemoveAll(spec.Output); err != nil {
		return fmt.Errorf("empty folder: %w", err)
	}
	if err := os.Mkdir(spec.Output, 0o750); err != nil {
		return fmt.Errorf("empty folder: %w", err)
	}
	return nil
}

// announce tells the daemon, now and after a restart, which program runs.
// Neither is needed for the job to go on.
func announce(folder string, pid int) {
	if id, err := Identify(pid); err == nil {
		_ = disk.WriteJSON(filepath.Join(folder, startedFile), id)
	}
	if f := os.NewFile(pidFD, "pid"); f != nil {
		_, _ = fmt.Fprintf(f, "%d\n", pid)
		_ = f.Close()
	}
}

// writeResult writes the result, for as long as it takes: a full state disk
// must not make a finished backup look interrupted.
func writeResult(folder string, result Result, stop <-chan struct{}) {
	for disk.WriteJSON(filepath.Join(folder, resultFile), result) != nil {
		select {
		case <-stop:
			return
		case <-time.After(resultRetry):
		}
		if gone, err := disk.Exists(folder); err == nil && !gone {
			return
		}
	}
}
