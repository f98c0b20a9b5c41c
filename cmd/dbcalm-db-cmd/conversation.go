package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/config"
	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/screen"
	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/transport"
	"dbcalm-db-cmd/transport/client"
	"dbcalm-db-cmd/transport/wire"
)

// daemon is what the client commands ask of a running daemon. They call it
// from one goroutine, one call at a time. A *client.Refusal is the daemon's
// no; any other error means that no answer came.
type daemon interface {
	transport.Service
	// Daemon returns what the daemon says of itself; one of an older program
	// refuses that.
	Daemon(ctx context.Context) (wire.Daemon, error)
}

// answerTimeout is far beyond what the daemon takes to answer anything but a
// deletion: a daemon that is silent for longer hangs.
const answerTimeout = 30 * time.Second

// ask makes one call of the daemon. Its error has its exit code.
func ask[T any](ctx context.Context, call func(context.Context) (T, error)) (T, error) {
	limited, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	answer, err := call(limited)
	return answer, daemonError(err)
}

// daemonError gives an error of a call its exit code, unless it has one.
func daemonError(err error) error {
	var refusal *client.Refusal
	var coded *exitError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &coded):
		return err
	case errors.As(err, &refusal) && refusal.Message != "":
		return exitWith(exitRefused, fmt.Errorf("refused: %w (%d %s)", err, refusal.Code, refusal.Status))
	case errors.As(err, &refusal):
		return exitWith(exitRefused, err)
	case errors.Is(err, context.Canceled):
		return exitWith(exitInterrupted, errors.New("interrupted before the daemon answered; operations list tells what it accepted"))
	case errors.Is(err, context.DeadlineExceeded):
		return exitWith(exitUnreachable, fmt.Errorf("no answer from the daemon within %s; its log may say why", answerTimeout))
	}
	return exitWith(exitUnreachable, err)
}

// conversation is one invocation's conversation with the daemon.
type conversation struct {
	screen *screen.Screen
	source *source
	// socket is the daemon's if --socket names it, else empty.
	socket string
	dial   func(socket string) daemon
}

// connect finds the daemon's socket. Nothing is sent yet.
func (c *conversation) connect() (daemon, error) {
	if c.socket != "" {
		return c.dial(c.socket), nil
	}
	loaded := c.source.load()
	var broken []config.Finding
	for _, p := range loaded.Problems {
		// The other keys are the daemon's affair.
		if p.Key == "" || p.Key == "socket_path" {
			broken = append(broken, p)
		}
	}
	if len(broken) > 0 {
		return nil, exitWith(exitConfig, &config.Error{
			Problems: broken, Hint: "or name the daemon's socket with --socket; then no configuration is read",
		})
	}
	return c.dial(loaded.Config.SocketPath), nil
}

// speaksToDaemon gives a command and those below it the flag that names the
// daemon.
func (c *conversation) speaksToDaemon(cmd *cobra.Command) *cobra.Command {
	cmd.PersistentFlags().StringVar(&c.socket, "socket", "",
		"the daemon's `SOCKET` (default: socket_path of the configuration)")
	completeFlagBy(cmd, "socket", files)
	return cmd
}

// commandLine is what to type to run a subcommand against the same daemon.
func (c *conversation) commandLine(words ...string) string {
	line := append([]string{program}, words...)
	if c.socket != "" {
		line = append(line, "--socket", c.socket)
	} else if c.source.flag != "" {
		line = append(line, "--config", c.source.flag)
	}
	for i, word := range line {
		line[i] = job.QuoteWord(word)
	}
	return strings.Join(line, " ")
}

// oneID accepts exactly one argument.
func oneID(advice string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 || args[0] == "" {
			return errors.New(advice)
		}
		return nil
	}
}
