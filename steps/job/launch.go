package job

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/disk"
)

// Running is a supervisor that runs, started by this daemon or by one
// before it.
type Running struct {
	Folder   string
	Identity Identity
	process  *handle
	// reap waits for a supervisor that is our child, so that no zombie stays.
	reap func()
	gate *os.File
	pids *os.File
	once sync.Once
}

// Launch starts a supervisor for a job folder, and hands it the watch of its Spec,
// if there is one. It does nothing until Release is called; if this process dies
// before that, it ends.
func (y *Yard) Launch(folder string, watch *disk.FileSystem) (*Running, error) {
	argv := y.Supervisor
	if len(argv) == 0 {
		// The link stays valid when an upgrade replaces the file.
		argv = []string{"/proc/self/exe", "supervise"}
	}
	gateOut, gateIn, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start supervisor: %w", err)
	}
	pidOut, pidIn, err := os.Pipe()
	if err != nil {
		_, _ = gateOut.Close(), gateIn.Close()
		return nil, fmt.Errorf("start supervisor: %w", err)
	}
	defer gateOut.Close()
	defer pidIn.Close()
	// #nosec G304 -- below state_dir, where nobody else can enter
	log, err := os.OpenFile(filepath.Join(folder, "supervisor.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		_, _ = gateIn.Close(), pidOut.Close()
		return nil, fmt.Errorf("start supervisor: %w", err)
	}
	defer log.Close()
	// #nosec G204 -- the daemon's own program
	cmd := exec.Command(argv[0], append(argv[1:len(argv):len(argv)], folder)...)
	if argv[0] == "/proc/self/exe" {
		cmd.Args[0] = "dbcalm-db-cmd"
	}
	cmd.Dir = "/"
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = []*os.File{gateOut, pidIn}
	if watch != nil {
		cmd.ExtraFiles = append(cmd.ExtraFiles, watch.Handle())
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		_, _ = gateIn.Close(), pidOut.Close()
		return nil, fmt.Errorf("start supervisor: %w", err)
	}
	job := &Running{Folder: folder, gate: gateIn, pids: pidOut, reap: sync.OnceFunc(func() { _ = cmd.Wait() })}
	if job.Identity, err = Identify(cmd.Process.Pid); err == nil {
		job.process, err = job.Identity.open()
	}
	if err != nil {
		_ = cmd.Process.Kill()
		job.Close()
		return nil, fmt.Errorf("start supervisor: %w", err)
	}
	return job, nil
}

// Release lets the supervisor start its program, with the shell command of its
// Spec, and returns the program's pid; 0 if it could not be started, there
// is none, or the pid is not known in time.
func (j *Running) Release(ctx context.Context, shell string) (int, error) {
	if _, err := fmt.Fprintf(j.gate, "%c%s%c", goByte, shell, goByte); err != nil {
		return 0, fmt.Errorf("release job: %w", err)
	}
	_ = j.gate.Close()
	stop := context.AfterFunc(ctx, func() { _ = j.pids.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	line := make([]byte, 32)
	n, err := j.pids.Read(line)
	if err != nil {
		// The supervisor's result tells why there is no program.
		return 0, nil
	}
	return strconv.Atoi(strings.TrimSpace(string(line[:n])))
}

// Adopt returns the supervisor of a job that an earlier daemon started, or
// ErrGone.
func Adopt(folder string, id Identity) (*Running, error) {
	process, err := id.open()
	if err != nil {
		return nil, err
	}
	return &Running{Folder: folder, Identity: id, process: process}, nil
}

// Wait returns the job's result. ErrNoResult means that the supervisor was
// killed; its program then is dead too. Otherwise it returns the cause of
// ctx's end, and the job runs on.
func (j *Running) Wait(ctx context.Context) (Result, error) {
	if err := j.process.wait(ctx); err != nil {
		return Result{}, err
	}
	result, err := ReadResult(j.Folder)
	if errors.Is(err, ErrNoResult) {
		if orphan := EndOrphan(ctx, j.Folder); orphan != nil {
			return Result{}, orphan
		}
	}
	return result, err
}

// Stop asks the supervisor to stop its program.
func (j *Running) Stop() error { return j.process.signal(unix.SIGTERM) }

// Kill ends a supervisor that does not obey, and its program with it.
func (j *Running) Kill(ctx context.Context) error {
	if err := j.process.signal(unix.SIGKILL); err != nil {
		return err
	}
	if err := j.process.wait(ctx); err != nil {
		return err
	}
	return EndOrphan(ctx, j.Folder)
}

// Close forgets the job, which runs on if it still runs. Calling it twice is
// fine.
func (j *Running) Close() {
	j.once.Do(func() {
		for _, f := range []*os.File{j.gate, j.pids} {
			if f != nil {
				_ = f.Close()
			}
		}
		if j.process != nil {
			if ended, err := j.process.ended(); j.reap != nil && ended && err == nil {
				j.reap()
			}
			j.process.close()
		} else if j.reap != nil {
			j.reap()
		}
	})
}

// EndOrphan makes sure that the programs of a job whose supervisor is gone have
// ended too, with all they have started. The kernel kills them with the
// supervisor; this waits until that is done.
func EndOrphan(ctx context.Context, folder string) error {
	if err := endProgram(ctx, folder); err != nil {
		return err
	}
	return endStrays(ctx, folder)
}

func endProgram(ctx context.Context, folder string) error {
	var id Identity
	err := disk.ReadJSON(filepath.Join(folder, startedFile), maxFile, &id)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	process, err := id.open()
	if errors.Is(err, ErrGone) {
		return nil
	}
	if err != nil {
		return err
	}
	defer process.close()
	if err := process.signal(unix.SIGKILL); err != nil {
		return fmt.Errorf("end orphaned program %d: %w", id.PID, err)
	}
	return process.wait(ctx)
}
