package doctor

import (
	"fmt"
	"path/filepath"
	"testing"

	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/testkit"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
	storetest "dbcalm-db-cmd/steps/testkit/store"
)

func TestMain(m *testing.M) { testkit.Main(m, nil) }

// testHost is a host whose folders are the test's own.
type testHost struct {
	*steps.Host
	*storetest.Kit
}

// newHost returns a host with an empty data directory and store, and no
// credentials.
func newHost(t *testing.T) *testHost {
	t.Helper()
	h := &testHost{Kit: storetest.New(t)}
	h.Host = steps.NewHost(steps.Settings{
		DBType: server.MariaDB, BackupDir: h.Backups.BackupDir, DataDir: filepath.Join(h.Dir, "data"), StateDir: filepath.Join(h.Dir, "state"),
		CredentialsFile: filepath.Join(h.Dir, "credentials.cnf"), Host: "localhost", Parallel: 2, UseMemory: 64 << 20,
	}, h.Records)
	h.Backups = h.Store
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
