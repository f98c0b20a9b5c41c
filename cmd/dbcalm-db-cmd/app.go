package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"dbcalm-db-cmd/machine"
	"dbcalm-db-cmd/steps/printable"
	"dbcalm-db-cmd/transport"
)

// program is the name in every message, whatever the binary was renamed to.
const program = "dbcalm-db-cmd"

// app is one invocation of the program: the streams and the environment it
// was given, and what tests replace.
type app struct {
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	env    func(string) string

	host host
	dial func(socket string) daemon
	// diagnose looks at the set-up that a configuration describes.
	diagnose func(ctx context.Context, loaded *loadedConfig) []machine.Check
	now      func() time.Time

	// colour tells whether stdout takes colours.
	colour bool

	configFlag string
	socketFlag string

	// entered is set once a command's own code runs; an error before that is
	// one of usage.
	entered bool
}

// run executes one command line and returns the process's exit code. It may
// be called many times in a process.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, env func(string) string) int {
	return newApp(stdin, stdout, stderr, env).run(ctx, args)
}

func newApp(stdin io.Reader, stdout, stderr io.Writer, env func(string) string) *app {
	a := &app{
		stdin:  stdin,
		stdout: stdout,
		stderr: stderr,
		env:    env,
		host:   thisHost(stderr, env),
		dial:   func(socket string) daemon { return transport.Client{Path: socket} },
		now:    time.Now,
		colour: takesColour(stdout, env),
	}
	a.diagnose = a.diagnosis
	return a
}

func (a *app) run(ctx context.Context, args []string) int {
	root := a.rootCommand()
	// Given nil, cobra reads the process's own arguments.
	root.SetArgs(append([]string{}, args...))
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	if len(args) > 0 && args[0] == cobra.ShellCompRequestCmd {
		plainUsages(root)
	}

	cmd, err := root.ExecuteContextC(ctx)
	if err != nil && !a.entered {
		err = exitWith(exitUsage, fmt.Errorf("%w (see %s --help)", err, cmd.CommandPath()))
	}
	a.report(err)
	return exitCode(err)
}

// report prints err on stderr; a broken configuration gets a line for each of
// its problems.
func (a *app) report(err error) {
	if err == nil || errors.Is(err, errSaid) {
		return
	}
	var config *configError
	if errors.As(err, &config) {
		for _, p := range config.problems {
			fmt.Fprintf(a.stderr, "%s: %s\n", program, p)
		}
		if config.hint != "" {
			fmt.Fprintf(a.stderr, "%s: %s\n", program, config.hint)
		}
		return
	}
	fmt.Fprintf(a.stderr, "%s: %s\n", program, strings.TrimRight(printable.Text(err.Error()), "\n"))
}

// commandLine is what to type to run a subcommand against the same daemon.
func (a *app) commandLine(words ...string) string {
	line := append([]string{program}, words...)
	if a.socketFlag != "" {
		line = append(line, "--socket", a.socketFlag)
	} else if a.configFlag != "" {
		line = append(line, "--config", a.configFlag)
	}
	for i, word := range line {
		line[i] = shellWord(word)
	}
	return strings.Join(line, " ")
}

// shellWord quotes a word where a shell would not take it as it is.
func shellWord(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' ||
			strings.ContainsRune("-_./:=@%+,", r)
	}
	if word != "" && strings.TrimFunc(word, plain) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
