package mariadbtest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// tick is how often a state that sends no signal is looked at.
const tick = 10 * time.Millisecond

// process is one run of the server.
type process struct {
	cmd *exec.Cmd
	// exited is closed once the server is reaped; err is set before.
	exited chan struct{}
	err    error
}

// launch starts cmd so that the kernel kills it when this test binary dies.
// Linux sends that signal when the starting thread ends, so the thread is kept
// for as long as the process runs.
func launch(cmd *exec.Cmd) (*process, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	p := &process{cmd: cmd, exited: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		p.err = cmd.Wait()
		close(p.exited)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	return p, nil
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// signal sends sig; a process that has ended already is no error.
func (p *process) signal(sig os.Signal) error {
	if err := p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal process %d: %w", p.pid(), err)
	}
	return nil
}

// kill ends the process at once, a stopped one too, and waits until it is
// reaped.
func (p *process) kill() error {
	if err := p.signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-p.exited
	return nil
}

// awaitStopped returns when every thread of the process has stopped, which
// SIGSTOP brings about shortly after it was sent.
func (p *process) awaitStopped(limit time.Duration) error {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	deadline := time.After(limit)
	for {
		state, err := processState(p.pid())
		if err != nil {
			return err
		}
		if state == 'T' {
			return nil
		}
		select {
		case <-p.exited:
			return fmt.Errorf("wait for process %d to stop: it ended", p.pid())
		case <-deadline:
			return fmt.Errorf("wait for process %d to stop: still in state %c after %s", p.pid(), state, limit)
		case <-ticker.C:
		}
	}
}

// processState reads the state letter of proc(5), which follows the program's
// name in parentheses.
func processState(pid int) (byte, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("read process state: %w", err)
	}
	i := bytes.LastIndexByte(stat, ')')
	if i < 0 || i+2 >= len(stat) {
		return 0, fmt.Errorf("read process state: unexpected line %q", stat)
	}
	return stat[i+2], nil
}
