package boot

import (
	"context"
	"os"
	"testing"

	"dbcalm-db-cmd/steps/archive"
	"dbcalm-db-cmd/steps/testkit"
)

func TestMain(m *testing.M) {
	testkit.Main(m, map[string]testkit.Role{
		// replay PROGRAM ARCHIVE STATE FOLDER VERSION OPTION…, the version a MySQL's
		"replay": func(ctx context.Context, args []string) (int, error) {
			r := &Replay{Examination: Examination{Server: args[0], UseMemory: 32 << 20, Folder: args[3], Options: args[5:]},
				Archive: archive.Archive{Folder: args[1], State: args[2]}, MySQL: args[4]}
			return 0, r.Run(ctx, os.Stdout)
		},
	})
}
