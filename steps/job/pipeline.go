package job

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"dbcalm-db-cmd/steps/crashpoint"
	"dbcalm-db-cmd/steps/disk"
)

// pipeline is a job at work: its program, and, where a stream comes or goes,
// the carrier of the stream and the shell command at its other end. One
// goroutine alone drives it.
type pipeline struct {
	folder string
	spec   Spec
	main   *program
	shell  *program
	carry  *carrier
	// taken is the end of the pipe from which the shell command reads. Ours stays
	// open until it has ended, to see what it has left unread.
	taken *os.File

	// fault is what went wrong first, empty when the program itself failed.
	fault string
	// suspect is what to call the fault unless a program soon gives a better
	// reason.
	suspect string
	// damaged tells that the fault is the stored stream's own.
	damaged  bool
	failed   bool
	stopped  bool
	patience *time.Timer
	grace    *time.Timer
}

// settle is how long a program may take to end and say why, once its stream
// has broken.
const settle = 5 * time.Second

// start starts the programs; the shell command first, so that the tool does
// nothing to the server if that cannot be started.
func (p *pipeline) start(shell string) error {
	if p.spec.Stream != nil {
		p.carry = &carrier{Stream: *p.spec.Stream}
	}
	// #nosec G204 -- the program that the configuration names, or that of the system
	main := exec.Command(p.spec.Path, p.spec.Args...)
	main.Dir = p.spec.Dir
	closeTheirs, err := p.connect(main, shell)
	if r := p.spec.Rights; err == nil && r != nil {
		var closeLent func()
		closeLent, err = r.Lend(main, p.spec.Output)
		defer closeLent()
	}
	if err == nil && p.spec.Path != "" {
		p.main, err = startProgram(p.folder, filepath.Base(p.spec.Path), main, OutputFile, largePages(os.Getenv(tunables)))
	}
	closeTheirs()
	if err == nil {
		crashpoint.Here("supervisor-started")
		announce(p.folder, p.pid())
	}
	if err != nil {
		p.fail(err.Error())
		if p.shell != nil {
			<-p.shell.ended
		}
		p.close()
		return err
	}
	if p.carry != nil {
		p.carry.start()
	}
	return nil
}

// pid is the one to tell people: the program's, else that of what works in its
// place.
func (p *pipeline) pid() int {
	switch {
	case p.main != nil:
		return p.main.cmd.Process.Pid
	case p.shell != nil:
		return p.shell.cmd.Process.Pid
	}
	return os.Getpid()
}

// connect makes the pipes and files of the stream and starts the shell
// command. What it returns closes the programs' own ends.
func (p *pipeline) connect(main *exec.Cmd, shell string) (closeTheirs func(), err error) {
	var theirs []*os.File
	closeTheirs = func() {
		for _, f := range theirs {
			_ = f.Close()
		}
	}
	c := p.carry
	if c == nil {
		return closeTheirs, nil
	}
	if c.Direction == StreamOut {
		var to *os.File
		if c.source, to, err = newPipe(); err != nil {
			return closeTheirs, err
		}
		theirs, main.Stdout = append(theirs, to), to
		if c.Command == "" {
			c.sink, err = disk.Create(filepath.Dir(c.File), filepath.Base(c.File), 0o640)
			return closeTheirs, err
		}
		if p.taken, c.sink, err = newPipe(); err != nil {
			return closeTheirs, err
		}
		return closeTheirs, p.startShell(shell, func(cmd *exec.Cmd) { cmd.Stdin = p.taken })
	}
	if p.spec.Path != "" {
		var from *os.File
		if from, c.sink, err = newPipe(); err != nil {
			return closeTheirs, err
		}
		theirs, main.Stdin = append(theirs, from), from
	}
	if c.Command == "" {
		c.source, err = disk.OpenRegular(filepath.Dir(c.File), filepath.Base(c.File))
		return closeTheirs, err
	}
	var to *os.File
	if c.source, to, err = newPipe(); err != nil {
		return closeTheirs, err
	}
	theirs = append(theirs, to)
	return closeTheirs, p.startShell(shell, func(cmd *exec.Cmd) { cmd.Stdout = to })
}

func (p *pipeline) startShell(command string, connect func(*exec.Cmd)) (err error) {
	cmd, env := shellProgram(command)
	cmd.Dir = p.spec.Dir
	connect(cmd)
	if p.shell, err = startProgram(p.folder, p.carry.Command, cmd, shellFile, append(env, p.carry.Env...)...); err != nil {
		return fmt.Errorf("start %s: %w", p.carry.Command, err)
	}
	return nil
}

// run drives the job to its end, or, when stop is closed, stops it.
func (p *pipeline) run(stop <-chan struct{}) {
	p.patience, p.grace = time.NewTimer(0), time.NewTimer(0)
	p.patience.Stop()
	p.grace.Stop()
	ticks := time.NewTicker(p.tick())
	defer ticks.Stop()
	main, shell, carry := p.main.done(), p.shell.done(), p.carry.done()
	for main != nil || shell != nil || carry != nil {
		select {
		case <-main:
			main = nil
			p.mainEnded()
		case <-shell:
			shell = nil
			p.shellEnded()
		case <-carry:
			carry = nil
			p.carryEnded()
		case <-stop:
			stop = nil
			p.stop()
		case <-p.patience.C:
			p.fail(p.suspect)
		case <-p.grace.C:
			p.main.kill()
		case <-ticks.C:
			p.checkStall()
		}
		if p.failed && main == nil && shell == nil && carry != nil && p.diskHangs() {
			return
		}
	}
}

// tick is how often the stream is looked at.
func (p *pipeline) tick() time.Duration {
	if p.carry == nil {
		return time.Hour
	}
	return min(progressEvery, max(10*time.Millisecond, p.carry.StallTimeout/10))
}

// diskHangs reports whether the carrier waits for a disk, which nothing ends.
func (p *pipeline) diskHangs() bool {
	return p.carry.Command == "" && p.carry.Direction == StreamOut && p.carry.out.lasts() > p.carry.StallTimeout
}

// fail ends everything after the first failure. A fault is what went wrong
// outside the program; an empty one leaves the word to the program.
func (p *pipeline) fail(fault string) {
	if p.failed {
		return
	}
	p.failed = true
	if !p.stopped {
		p.fault = fault
	}
	p.end()
}

// end kills the programs and breaks the stream. A shell command that takes the
// stream must never see its regular end: it would take it for whole.
func (p *pipeline) end() {
	p.shell.kill()
	p.main.kill()
	if p.carry != nil && p.carry.in != nil {
		p.carry.in.stop()
	}
	if p.carry != nil && p.carry.sink != nil {
		_ = p.carry.sink.SetWriteDeadline(time.Unix(1, 0))
	}
}

func (p *pipeline) stop() {
	p.stopped = true
	if p.carry != nil {
		p.shell.kill()
	}
	p.main.interrupt()
	if p.main == nil {
		p.fail("")
	}
	p.grace.Reset(p.spec.Grace)
}

// close ends what has left the shell command's process group, and then gives
// back the files that are still open: a pipe must not be closed before, whoever
// holds the other end would take that for the end of the stream.
func (p *pipeline) close() {
	if p.shell != nil {
		// A process that cannot be ended changes nothing about what came through
		// the pipe.
		_ = endStrays(context.Background(), p.folder)
	}
	var files []*os.File
	if p.carry != nil {
		files = append(files, p.carry.source, p.carry.sink)
	}
	for _, f := range append(files, p.taken) {
		if f != nil {
			_ = f.Close()
		}
	}
}
