package steps

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/testkit"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
	storetest "dbcalm-db-cmd/steps/testkit/store"
	"dbcalm-db-cmd/steps/tool"
)

// TestMain lets this test binary, started by Launch, RunOnFinish or a
// supervisor, be the supervisor, the keeper or an examination.
func TestMain(m *testing.M) {
	testkit.Main(m, map[string]testkit.Role{
		"supervise": func(ctx context.Context, args []string) (int, error) { return 0, job.Supervise(ctx, args[0]) },
		"examine":   examines,
		job.OnFinishKeeper: func(ctx context.Context, _ []string) (int, error) {
			return job.KeepOnFinish(ctx, os.Stdin, os.Stdout, os.Stderr)
		},
	})
}

// The two tools, as they are found on a host of theirs.
var (
	mariabackup = tool.Info{Path: "/usr/bin/mariadb-backup", Name: "mariabackup", Version: "10.11.19-MariaDB"}
	xtrabackup  = tool.Info{Path: "/usr/bin/xtrabackup", Name: "xtrabackup", Version: "8.0.35-31"}
)

// testHost is a host whose folders are the test's own.
type testHost struct {
	*Host
	*storetest.Kit
}

// newHost returns a host with an empty data directory and store, and no
// credentials.
func newHost(t *testing.T) *testHost {
	t.Helper()
	h := &testHost{Kit: storetest.New(t)}
	var supervisor []string
	if path := testkit.Plain(t); path != "" {
		supervisor = []string{path, "supervise"}
	}
	h.Host = NewHost(Settings{
		Supervisor: supervisor,
		DBType:     server.MariaDB, BackupDir: h.Backups.BackupDir,
		DataDir: filepath.Join(h.Dir, "data"), StateDir: filepath.Join(h.Dir, "state"),
		CredentialsFile: filepath.Join(h.Dir, "credentials.cnf"), Host: "localhost", Parallel: 2, UseMemory: 64 << 20,
	}, h.Records)
	h.Backups = h.Store
	return h
}

// twoLinks is a host whose store has a full backup and an incremental on it.
func twoLinks(t *testing.T) *testHost {
	t.Helper()
	h := newHost(t)
	h.TwoLinks()
	return h
}

// hostOf is a host whose server is the given one.
func hostOf(t *testing.T, running *mariadbtest.Server) *testHost {
	t.Helper()
	h := newHost(t)
	h.Server.DataDir, h.Server.CredentialsFile = running.DataDir, running.CredentialsFile
	return h
}

// login makes the host log in as somebody, through the server's socket.
func (h *testHost) login(running *mariadbtest.Server, user, password string) {
	h.T.Helper()
	h.Server.CredentialsFile = h.WriteCredentials(fmt.Sprintf("[client-dbcalm]\nuser=%s\npassword=%s\nsocket=%s\n",
		user, password, running.Socket))
}
