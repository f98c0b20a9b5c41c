package mariadbtest

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
)

// maxSocketPath is sun_path of unix(7) without its closing zero.
const maxSocketPath = 107

// Server is one private MariaDB. Its methods belong to the test's goroutine;
// those without an error in their results fail the test.
type Server struct {
	// Dir holds everything of this server. Tests may add files to it.
	Dir string
	// DataDir is the data directory of the newest start.
	DataDir string
	// Socket is the only address the server has.
	Socket string
	// User and Password belong to the backup user, whose grants are exactly
	// those a backup needs.
	User     string
	Password string
	// CredentialsFile holds User, Password and Socket in a section
	// [client-dbcalm], in the tools' option file format.
	CredentialsFile string

	t        testing.TB
	options  options
	programs programs
	// version is a real MySQL's.
	version string
	db      *sql.DB
	process *process
}

// Start makes a data directory, starts a server on it and creates the backup
// user. Server and folder are gone when the test has ended. A short run leaves
// the test out; any other fails it where MariaDB is not installed.
func Start(t testing.TB, opts ...Option) *Server {
	t.Helper()
	testkit.NeedsServer(t)
	s, err := newServer(t, opts)
	if err != nil {
		t.Fatalf("make a private MariaDB: %v", err)
	}
	s.Start()
	if err := s.createBackupUser(); err != nil {
		t.Fatalf("make a private MariaDB: %v", err)
	}
	return s
}

func newServer(t testing.TB, opts []Option) (*Server, error) {
	o := options{user: "dbcalm_backup", password: "backup-secret"}
	for _, opt := range opts {
		opt(&o)
	}
	found, version, err := o.find()
	if err != nil {
		return nil, err
	}
	// Not t.TempDir: the names of tests make its path too long for a socket.
	dir, err := os.MkdirTemp("", "dbc")
	if err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	s := &Server{
		Dir:             dir,
		DataDir:         filepath.Join(dir, "data"),
		Socket:          filepath.Join(dir, "s.sock"),
		User:            o.user,
		Password:        o.password,
		CredentialsFile: filepath.Join(dir, "credentials.cnf"),
		t:               t,
		options:         o,
		programs:        found,
		version:         version,
	}
	t.Cleanup(s.remove)
	if len(s.Socket) > maxSocketPath {
		return nil, fmt.Errorf("socket path %s is longer than %d bytes: set TMPDIR to a shorter folder", s.Socket, maxSocketPath)
	}
	if s.db, err = openPool(s.Socket); err != nil {
		return nil, err
	}
	if err := os.Mkdir(s.tempDir(), 0o700); err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	if err := s.installDataDir(); err != nil {
		return nil, err
	}
	return s, s.writeCredentials()
}

// remove undoes Start. It reports what it cannot undo and goes on.
func (s *Server) remove() {
	var errs []error
	if s.db != nil {
		// It complains of every connection that died with a server.
		_ = s.db.Close()
	}
	if s.process != nil {
		errs = append(errs, s.process.kill())
	}
	errs = append(errs, os.RemoveAll(s.Dir))
	if err := errors.Join(errs...); err != nil {
		s.t.Errorf("remove private MariaDB: %v", err)
	}
}
