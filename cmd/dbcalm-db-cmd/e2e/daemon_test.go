package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/machine/api"
)

// daemon is one run of the daemon.
type daemon struct {
	cmd *exec.Cmd
	log string
	// exit is closed when the process has ended and been reaped.
	exit chan struct{}
}

// start starts the daemon and waits until it answers.
func (w *world) start() {
	w.t.Helper()
	w.launch()
	w.eventually("the daemon answers", func() bool {
		select {
		case <-w.daemon.exit:
			w.t.Fatalf("the daemon ended at once:\n%s", w.daemonLog())
		default:
		}
		_, err := w.client.Operations(w.ctx(), api.OperationFilter{Limit: 1})
		return err == nil
	})
}

// launch starts the daemon without waiting for it.
func (w *world) launch() {
	w.t.Helper()
	d := &daemon{cmd: exec.Command(w.program, "--config", w.config, "serve"), log: filepath.Join(w.dir, "daemon.log"),
		exit: make(chan struct{})}
	log, err := os.OpenFile(d.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		w.t.Fatal(err)
	}
	defer log.Close()
	d.cmd.Stdout, d.cmd.Stderr, d.cmd.Env = log, log, w.env
	if err := d.cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	go func() {
		_ = d.cmd.Wait()
		close(d.exit)
	}()
	w.daemon = d
}

// stop asks the daemon to end and demands that it ends well.
func (w *world) stop() {
	w.t.Helper()
	w.signal(syscall.SIGTERM)
	w.gone()
	if code := w.daemon.cmd.ProcessState.ExitCode(); code != 0 {
		w.t.Errorf("the daemon ended with %d:\n%s", code, w.daemonLog())
	}
}

// kill ends the daemon as a crash would.
func (w *world) kill() {
	w.t.Helper()
	w.signal(syscall.SIGKILL)
	w.gone()
}

func (w *world) signal(sig syscall.Signal) {
	w.t.Helper()
	if err := w.daemon.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		w.t.Fatal(err)
	}
}

// gone waits until the daemon has ended.
func (w *world) gone() {
	w.t.Helper()
	select {
	case <-w.daemon.exit:
	case <-time.After(patience):
		w.t.Fatalf("the daemon does not end:\n%s", w.daemonLog())
	}
}

// process is a program that works for this world.
type process struct {
	pid  int
	args []string
}

// supervisor reports whether it is a job's supervisor.
func (p process) supervisor() bool { return len(p.args) > 1 && p.args[1] == "supervise" }

// tool reports whether it is the backup tool at work, or what unpacks its streams,
// or a verification's server, or what looks after that.
func (p process) tool() bool {
	if len(p.args) > 1 && p.args[1] == "examine" || filepath.Base(p.args[0]) == "mariadbd" {
		return true
	}
	return slices.ContainsFunc([]string{"mariadb-backup", "mariabackup", "mbstream"}, func(name string) bool {
		return strings.HasSuffix(p.args[0], name)
	})
}

// processes lists the running programs whose command line names a folder of
// this world. Of servers, only those that verifications start are among them.
func (w *world) processes() []process {
	var list []process
	ours := func(cmdline []byte) bool {
		for _, dir := range []string{w.dir, w.backupDir, w.stateDir, w.db.Dir} {
			if bytes.Contains(cmdline, []byte(dir)) {
				return true
			}
		}
		return false
	}
	folders, _ := filepath.Glob("/proc/[0-9]*")
	for _, folder := range folders {
		text, err := os.ReadFile(filepath.Join(folder, "cmdline"))
		if err != nil || !ours(text) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(folder))
		if err != nil {
			continue
		}
		args := strings.Split(strings.TrimRight(string(text), "\x00"), "\x00")
		if filepath.Base(args[0]) != "mariadbd" || bytes.Contains(text, []byte(filepath.Join(w.backupDir, ".partial"))) {
			list = append(list, process{pid, args})
		}
	}
	return list
}

// killRest kills what a failed test left running.
func (w *world) killRest() {
	for _, p := range w.processes() {
		_ = unix.Kill(p.pid, unix.SIGKILL)
	}
}

// cli runs the program as a person does and returns what it prints.
func (w *world) cli(args ...string) (stdout, stderr string, code int) {
	w.t.Helper()
	cmd := exec.Command(w.program, append([]string{"--config", w.config}, args...)...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.Env = &out, &errs, w.env
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		w.t.Fatal(fmt.Errorf("run %v: %w", args, err))
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}
