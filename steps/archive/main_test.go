package archive

import (
	"context"
	"os"
	"testing"
	"time"

	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/testkit"
)

func TestMain(m *testing.M) {
	testkit.Main(m, map[string]testkit.Role{
		// collect CREDENTIALS DATADIR STORE STATE, until it is killed.
		"collect": func(ctx context.Context, args []string) (int, error) {
			asked := &server.Server{DBType: server.MariaDB, CredentialsFile: args[0], DataDir: args[1]}
			New(In(args[2], args[3]), Options{
				Ask: asked.BinaryLog, Owner: os.Geteuid, Held: func() string { return "" },
				Restored: func(context.Context) (time.Time, error) { return time.Time{}, nil },
				Keep:     func(context.Context) (time.Time, error) { return time.Time{}, nil },
				Interval: 20 * time.Millisecond, Size: 64 << 10, Notice: func(Status) {},
			}).Run(ctx)
			return 0, nil
		},
	})
}
