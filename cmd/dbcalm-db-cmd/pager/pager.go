package pager

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
)

// ErrNoPager is returned if the command cannot be run; the reader has seen
// nothing then.
var ErrNoPager = errors.New("the pager cannot be run")

// Codes with which a shell says that a command cannot be run, or is not there.
const (
	cannotRun = 126
	notFound  = 127
)

// lessOptions are what less is told unless its user has told it something: to
// end at once if all fits the screen, to let colours through, and to leave the
// text there.
const lessOptions = "LESS=FRX"

// Show runs a command, as the variable PAGER has it, for /bin/sh, with text to
// read on its standard input, and waits until the reader has seen enough. How
// the command then ends is nobody's business.
func Show(command, text string, terminal, stderr io.Writer) error {
	// The keys that interrupt a program are the pager's: who asks it to stop a
	// search must not end up at a prompt with the pager still there.
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	defer signal.Stop(interrupts)

	// #nosec G204 -- the user's own PAGER, run as that user
	cmd := exec.Command("/bin/sh", "-c", command)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(text), terminal, stderr
	if _, set := os.LookupEnv("LESS"); !set {
		cmd.Env = append(os.Environ(), lessOptions)
	}
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &exit):
		return fmt.Errorf("%w: run %q: %w", ErrNoPager, command, err)
	case exit.ExitCode() == cannotRun || exit.ExitCode() == notFound:
		return fmt.Errorf("%w: %q", ErrNoPager, command)
	}
	return nil
}
