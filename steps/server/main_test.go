package server

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

func TestMain(m *testing.M) { testkit.Main(m, nil) }

// errAsked is what a server says that cannot answer.
var errAsked = errors.New("the server has gone away")

// testServer is a server that does not run, with folders of the test's own.
type testServer struct {
	*Server
	testkit.Test
}

func newServer(t *testing.T) *testServer {
	t.Helper()
	s := &testServer{Test: testkit.NewTest(t, "data")}
	s.Server = &Server{DBType: MariaDB, DataDir: filepath.Join(s.Dir, "data"),
		CredentialsFile: filepath.Join(s.Dir, "credentials.cnf"), Host: "localhost"}
	return s
}

// serverOf is a server that runs.
func serverOf(t *testing.T, running *mariadbtest.Server) *testServer {
	t.Helper()
	s := newServer(t)
	s.DataDir, s.CredentialsFile = running.DataDir, running.CredentialsFile
	return s
}

// login makes it be logged in to as somebody, through its socket.
func (s *testServer) login(running *mariadbtest.Server, user, password string) {
	s.T.Helper()
	s.CredentialsFile = s.WriteCredentials(fmt.Sprintf("[client-dbcalm]\nuser=%s\npassword=%s\nsocket=%s\n", user, password, running.Socket))
}
