package job

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// program is one program of a job. What it starts itself is in its process
// group and ends with it.
type program struct {
	// name is what messages call it.
	name    string
	cmd     *exec.Cmd
	printed *output
	// ended is closed when the program is gone; what follows is valid from then.
	ended    chan struct{}
	exitCode int
	// signal is the name of the signal that ended it, empty for none.
	signal string
	// unread says why not all it printed could be read.
	unread error
}

// JobVariable is in the environment of all that a job starts, so that what has
// lost its parents is still known for the job's.
const JobVariable = "DBCALM_JOB"

// tunables is the variable by which the C library is tuned (the GNU one's manual,
// "Tunables"); others do not know it.
const tunables = "GLIBC_TUNABLES"

// largePages has the C library ask for huge pages for large buffers, unless the
// environment says how: the tools fill new ones of up to 64 MiB for each file, and
// to get them in small pages takes a virtual machine longer than to fill them.
func largePages(now string) string {
	const ours = "glibc.malloc.hugetlb"
	switch {
	case now == "":
		now = ours + "=1"
	case !strings.Contains(now, ours+"="):
		now += ":" + ours + "=1"
	}
	return tunables + "=" + now
}

// startProgram starts a program that is killed when the calling thread ends.
func startProgram(folder, name string, cmd *exec.Cmd, log string, env ...string) (*program, error) {
	p := &program{name: name, cmd: cmd, printed: &output{}, ended: make(chan struct{}), exitCode: -1}
	// #nosec G304 -- below state_dir, where nobody else can enter
	file, err := os.OpenFile(filepath.Join(folder, log), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err == nil {
		p.printed.log = file
	}
	if cmd.Stdout == nil {
		cmd.Stdout = p.printed
	}
	cmd.Stderr = p.printed
	cmd.Env = append(append(os.Environ(), env...), JobVariable+"="+folder)
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig, cmd.SysProcAttr.Setpgid = unix.SIGKILL, true
	if err := cmd.Start(); err != nil {
		_ = file.Close()
		return nil, err
	}
	go func() {
		defer close(p.ended)
		defer file.Close()
		p.wait()
	}()
	return p, nil
}

// wait waits for the program's end and ends what it leaves behind.
func (p *program) wait() {
	pid := p.cmd.Process.Pid
	// As long as it has not been reaped, nobody else's group can have its number.
	for unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
	}
	_ = unix.Kill(-pid, unix.SIGKILL)
	err := p.cmd.Wait()
	p.printed.endLine()
	if state, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && state.Signaled() {
		p.signal = unix.SignalName(state.Signal())
	} else {
		p.exitCode = p.cmd.ProcessState.ExitCode()
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) {
		p.unread = err
	}
}

// done returns a channel that is closed when the program is gone; a program
// that there is not is never waited for.
func (p *program) done() <-chan struct{} {
	if p == nil {
		return nil
	}
	return p.ended
}

// running reports whether the program is still there.
func (p *program) running() bool {
	if p == nil {
		return false
	}
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// interrupt asks the program to end: SIGINT, which mariabackup obeys while it
// blocks SIGTERM.
func (p *program) interrupt() {
	if p.running() {
		_ = p.cmd.Process.Signal(unix.SIGINT)
	}
}

// kill ends the program and all it has started. Its end also ends its group.
func (p *program) kill() {
	if p.running() {
		_ = p.cmd.Process.Kill()
	}
}

// failure says how the program ended, empty for well. It has ended.
func (p *program) failure() string {
	switch {
	case p.signal != "":
		return "was killed by " + p.signal
	case p.exitCode != 0:
		return fmt.Sprintf("failed with exit code %d", p.exitCode)
	}
	return ""
}

// shellDelay is how long what a shell command printed is read on after its
// end, when something that left its process group keeps it open.
const shellDelay = 2 * time.Second

// shellProgram returns a shell that runs a command of the configuration. The
// command may hold a secret, and command lines are for everybody to read: the
// shell finds it in a variable, which it does not hand on.
func shellProgram(command string) (cmd *exec.Cmd, env []string) {
	cmd = exec.Command("/bin/sh", "-c", `command=$DBCALM_COMMAND; unset DBCALM_COMMAND; eval "$command"`)
	cmd.WaitDelay = shellDelay
	return cmd, []string{"DBCALM_COMMAND=" + command}
}
