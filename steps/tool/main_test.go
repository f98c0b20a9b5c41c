package tool

import (
	"path/filepath"
	"testing"

	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m, nil) }

// testTool is a tool for a server that does not run, with folders of the
// test's own.
type testTool struct {
	*Tool
	testkit.Test
}

func newTool(t *testing.T) *testTool {
	t.Helper()
	here := testkit.NewTest(t, "data")
	srv := &server.Server{DBType: server.MariaDB, DataDir: filepath.Join(here.Dir, "data"),
		CredentialsFile: filepath.Join(here.Dir, "credentials.cnf"), Host: "localhost"}
	return &testTool{Test: here, Tool: &Tool{Server: srv, Parallel: 2, UseMemory: 64 << 20}}
}

// The two tools, as they are found on a host of theirs.
var (
	mariabackup = Info{Path: "/usr/bin/mariadb-backup", Name: "mariabackup", Version: "10.11.19-MariaDB"}
	xtrabackup  = Info{Path: "/usr/bin/xtrabackup", Name: "xtrabackup", Version: "8.0.35-31"}
)
