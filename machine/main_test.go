package machine

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps"
)

// TestMain lets this test binary, started for a job, be its supervisor, and for
// on_finish its keeper.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "supervise" {
		ctx, stop := signal.NotifyContext(context.Background(), unix.SIGTERM)
		err := steps.Supervise(ctx, os.Args[2])
		stop()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if len(os.Args) > 1 && os.Args[1] == steps.OnFinishKeeper {
		ctx, stop := signal.NotifyContext(context.Background(), unix.SIGTERM)
		code, err := steps.KeepOnFinish(ctx, os.Stdin, os.Stdout, os.Stderr)
		stop()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
		os.Exit(code)
	}
	// The race detector lets every program sleep for a second at its end.
	if err := os.Setenv("GORACE", "atexit_sleep_ms=0 "+os.Getenv("GORACE")); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}
