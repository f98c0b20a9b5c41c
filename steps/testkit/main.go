package testkit

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"go.uber.org/goleak"
)

// Role is what a test binary is when its command line begins with the role's
// name: one of the processes that the code under test starts of its own
// program. It gets the words after the name and returns the exit code.
type Role func(ctx context.Context, args []string) (code int, err error)

// Main is a package's TestMain: it plays one of the roles, or runs the tests,
// cleans up and fails when a goroutine is left.
func Main(m *testing.M, roles map[string]Role) {
	if len(os.Args) > 1 {
		if role, found := roles[os.Args[1]]; found {
			os.Exit(role.play(os.Args[2:]))
		}
	}
	// The race detector lets every program sleep for a second at its end.
	if err := os.Setenv("GORACE", "atexit_sleep_ms=0 "+os.Getenv("GORACE")); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if err := RemoveBuilt(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
		os.Exit(code)
	}))
}

// play runs a role as the program would.
func (r Role) play(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	code, err := r(ctx, args)
	if err != nil {
		fmt.Fprintln(os.Stderr, "dbcalm-db-cmd:", err)
		code = max(code, 1)
	}
	return code
}
