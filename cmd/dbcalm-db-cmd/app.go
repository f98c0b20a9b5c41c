package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/config"
	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/screen"
	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps/printable"
	"dbcalm-db-cmd/transport/client"
)

// program is the name in every message, whatever the binary was renamed to.
const program = "dbcalm-db-cmd"

// app is one invocation of the program: what it was given, and what tests
// replace.
type app struct {
	stdin        io.Reader
	screen       *screen.Screen
	source       *source
	conversation *conversation
	// diagnose looks at the set-up that a configuration describes, and through each
	// database no longer than the patience, 0 for as long as it takes.
	diagnose func(ctx context.Context, loaded *config.Loaded, patience time.Duration) []api.Check

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
	out := &screen.Screen{Out: stdout, Err: stderr, Colour: screen.TakesColour(stdout, env), Now: time.Now}
	found := &source{env: env, host: config.ThisHost(screen.IsTerminal(stderr), env), exposures: exposures}
	c := &conversation{screen: out, source: found, dial: func(socket string) daemon { return client.Client{Path: socket} }}
	return &app{
		stdin: stdin, screen: out, source: found, conversation: c,
		diagnose: func(ctx context.Context, loaded *config.Loaded, patience time.Duration) []api.Check {
			return diagnosis(ctx, loaded, c.dial, patience)
		},
	}
}

func (a *app) run(ctx context.Context, args []string) int {
	root := a.rootCommand()
	// Given nil, cobra reads the process's own arguments.
	root.SetArgs(append([]string{}, args...))
	root.SetIn(a.stdin)
	root.SetOut(a.screen.Out)
	root.SetErr(a.screen.Err)
	if len(args) > 0 && args[0] == cobra.ShellCompRequestCmd {
		plainUsages(root)
	}

	cmd, err := root.ExecuteContextC(ctx)
	if err != nil && !a.entered {
		err = exitWith(exitUsage, fmt.Errorf("%w (see %s --help)", err, cmd.CommandPath()))
	}
	report(a.screen.Err, err)
	return exitCode(err)
}

// report prints err on w; a broken configuration gets a line for each of
// its problems.
func report(w io.Writer, err error) {
	if err == nil || errors.Is(err, errSaid) {
		return
	}
	var broken *config.Error
	if errors.As(err, &broken) {
		for _, p := range broken.Problems {
			fmt.Fprintf(w, "%s: %s\n", program, p)
		}
		if broken.Hint != "" {
			fmt.Fprintf(w, "%s: %s\n", program, broken.Hint)
		}
		return
	}
	fmt.Fprintf(w, "%s: %s\n", program, strings.TrimRight(printable.Text(err.Error()), "\n"))
}
