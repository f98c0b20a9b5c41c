package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/config"
	"dbcalm-db-cmd/machine"
	"dbcalm-db-cmd/transport"
)

// daemon is what the client commands ask of a running daemon. They call it
// from one goroutine, one call at a time. A *transport.Refusal is the daemon's
// no; any other error means that no answer came.
type daemon interface {
	// Daemon returns what the daemon says of itself; one of an older program
	// refuses that.
	Daemon(ctx context.Context) (transport.Daemon, error)
	// FullBackup, IncrementalBackup and RestoreBackup return the id of the
	// operation that was accepted.
	FullBackup(ctx context.Context, request machine.BackupRequest) (string, error)
	IncrementalBackup(ctx context.Context, request machine.BackupRequest) (string, error)
	RestoreBackup(ctx context.Context, request machine.RestoreRequest) (string, error)
	// VerifyBackup returns the id of the operation that was accepted.
	VerifyBackup(ctx context.Context, request machine.VerifyRequest) (string, error)
	// PlanBackup and PlanRestore change nothing.
	PlanBackup(ctx context.Context, request machine.BackupRequest) (machine.Plan, error)
	PlanRestore(ctx context.Context, request machine.RestoreRequest) (machine.Plan, error)
	// DeleteBackup returns once the backup is gone.
	DeleteBackup(ctx context.Context, request machine.DeleteRequest) error
	// Operations returns the newest first.
	Operations(ctx context.Context, filter machine.OperationFilter) ([]machine.OperationSummary, error)
	Operation(ctx context.Context, id string) (machine.OperationView, error)
	// Logs calls each with every piece of what an operation's programs printed.
	Logs(ctx context.Context, id string, follow bool, each func(machine.LogChunk) error) error
	Cancel(ctx context.Context, id string) error
	Retry(ctx context.Context, id string) (machine.RetryDecision, error)
	Backups(ctx context.Context) ([]machine.BackupView, error)
	// Prune returns when the last deletion is over.
	Prune(ctx context.Context, request machine.PruneRequest) (machine.PruneReport, error)
	// Rebuild returns when the whole store has been looked at.
	Rebuild(ctx context.Context, request machine.RebuildRequest) (machine.RebuildReport, error)
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
	var refusal *transport.Refusal
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

// connect finds the daemon's socket. Nothing is sent yet.
func (a *app) connect() (daemon, error) {
	if a.socketFlag != "" {
		return a.dial(a.socketFlag), nil
	}
	loaded := config.Load(a.configPath(), a.host)
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
	return a.dial(loaded.Config.SocketPath), nil
}

// speaksToDaemon gives a command and those below it the flag that names the
// daemon.
func (a *app) speaksToDaemon(cmd *cobra.Command) *cobra.Command {
	cmd.PersistentFlags().StringVar(&a.socketFlag, "socket", "",
		"the daemon's `SOCKET` (default: socket_path of the configuration)")
	completeFlagBy(cmd, "socket", files)
	return cmd
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
