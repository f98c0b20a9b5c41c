package machine

import (
	"context"
	"os"
	"testing"

	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/testkit"
)

// TestMain lets this test binary, started for a job, be its supervisor, and for
// on_finish its keeper.
func TestMain(m *testing.M) {
	testkit.Main(m, map[string]testkit.Role{
		"supervise": func(ctx context.Context, args []string) (int, error) { return 0, job.Supervise(ctx, args[0]) },
		job.OnFinishKeeper: func(ctx context.Context, _ []string) (int, error) {
			return job.KeepOnFinish(ctx, os.Stdin, os.Stdout, os.Stderr)
		},
	})
}
