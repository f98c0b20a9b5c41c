package boot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/tool"
)

// serverTrouble adds to hostTrouble what a server says of its settings and of
// keys that it lacks.
var serverTrouble = []string{"unknown option", "unknown variable", "Can't start server: Bind on unix socket",
	"Different lower_case_table_names settings", "encrypt", "decrypt"}

// programTrouble is what a server says that does not find files of its program.
var programTrouble = []string{"Can't open shared library", "Can't find messagefile", "is not a compiled character set",
	"Couldn't load plugins"}

// explain reports whether an error of the server is the data's fault: it has
// ended by itself, and names no other reason. It prints what it says.
func (s *bootedServer) explain(out io.Writer, what string, err error) (found bool, _ error) {
	if !errors.Is(err, errEnded) {
		return false, err
	}
	if s.interrupted() {
		return false, errKilled
	}
	lines := errorLines(serverLog)
	text := strings.Join(lines, "\n")
	fmt.Fprintln(out, text)
	advice := tool.Advice(text)
	if strings.Contains(text, "Permission denied") || strings.Contains(text, "Errcode: 13") {
		advice = ": a file could not be read or written: does AppArmor or SELinux confine the server to its own folders? " +
			"Allow it those of the backup store, or verify at level prepare"
	}
	for _, words := range programTrouble {
		if advice == "" && strings.Contains(text, words) {
			advice = ": it lacks files of its program: verify while the server that was backed up runs, " +
				"so that it can be asked where they are, or correct server_bin"
		}
	}
	trouble := tool.HostFault(".", text)
	for _, words := range slices.Concat(serverTrouble, programTrouble) {
		trouble = trouble || strings.Contains(text, words)
	}
	if trouble {
		return false, fmt.Errorf("the server ended (%w)%s", s.err, advice)
	}
	if len(lines) > 0 {
		_, said, _ := strings.Cut(lines[0], "[ERROR] ")
		what += ": " + said
	}
	fmt.Fprintln(out, DamagedLine+what)
	return true, nil
}

// errKilled: the server was ended from outside.
var errKilled = errors.New("the server was ended by somebody else")

// interrupted reports whether the server was ended from outside, by a person or
// for want of memory, rather than by an error of its own.
func (s *bootedServer) interrupted() bool {
	state, known := s.cmd.ProcessState.Sys().(syscall.WaitStatus)
	return known && (state.Exited() && state.ExitStatus() == 0 || state.Signaled() && state.Signal() == unix.SIGKILL)
}

// errorsShown is how many lines of the server's log are repeated.
const errorsShown = 8

// maxServerLog is how large a log is read, in bytes.
const maxServerLog = 64 << 20

// errorLines returns the last lines in which a server's log tells of errors.
// All others are left out: after an error, it dumps rows there.
func errorLines(path string) []string {
	text, err := disk.ReadSmall(filepath.Dir(path), filepath.Base(path), maxServerLog)
	if err != nil {
		return nil
	}
	var lines []string
	for line := range bytes.Lines(text) {
		if bytes.Contains(line, []byte("[ERROR]")) || bytes.Contains(line, []byte("error while loading shared libraries")) {
			lines = append(lines, job.Printable(bytes.TrimSpace(line)))
		}
	}
	return lines[max(0, len(lines)-errorsShown):]
}

// endOf returns what a job with a private server ends with, nil for well.
func endOf(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return errors.New("asked to stop")
	case errors.Is(err, errKilled):
		// What happens to the server happens to the job: so it counts as
		// interrupted, and is begun again.
		_ = unix.Kill(os.Getpid(), unix.SIGKILL)
	}
	return err
}
