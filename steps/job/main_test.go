package job

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
)

// TestMain lets this test binary, started by Launch or RunOnFinish, be the
// supervisor or the keeper.
func TestMain(m *testing.M) {
	testkit.Main(m, map[string]testkit.Role{
		"supervise": func(ctx context.Context, args []string) (int, error) { return 0, Supervise(ctx, args[0]) },
		// One that lets a job go and then ends.
		"daemon": func(ctx context.Context, args []string) (int, error) {
			job, err := (&Yard{StateDir: args[0]}).Launch(args[1], nil)
			if err == nil {
				_, err = job.Release(ctx, "")
			}
			return 0, err
		},
		OnFinishKeeper: func(ctx context.Context, _ []string) (int, error) {
			return KeepOnFinish(ctx, os.Stdin, os.Stdout, os.Stderr)
		},
	})
}

// testYard is a yard whose folder is the test's own, with a folder for what its
// programs write beside it. The secret that it takes out is s3cret.
type testYard struct {
	*Yard
	testkit.Test
	files string
}

func newYard(t *testing.T) *testYard {
	t.Helper()
	y := &testYard{Test: testkit.NewTest(t, "state", "files")}
	y.files = filepath.Join(y.Dir, "files")
	y.Yard = &Yard{StateDir: filepath.Join(y.Dir, "state"), Redactor: func() *strings.Replacer { return strings.NewReplacer("s3cret", "***") }}
	return y
}
