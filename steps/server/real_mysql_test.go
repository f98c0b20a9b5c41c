//go:build matrix

package server

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// realMySQL starts the MySQL that the environment names.
func realMySQL(t *testing.T, options ...mariadbtest.Option) (*mariadbtest.Server, *Server) {
	t.Helper()
	mysqld := os.Getenv("DBCALM_TEST_MYSQLD")
	if mysqld == "" {
		t.Fatal("DBCALM_TEST_MYSQLD names no mysqld: run make matrix")
	}
	db := mariadbtest.Start(t, append(options, mariadbtest.MySQL(mysqld))...)
	return db, &Server{DBType: MySQL, CredentialsFile: db.CredentialsFile, DataDir: db.DataDir}
}

// connected asks a server who it is.
func connected(t *testing.T, srv *Server) (*Conn, Info) {
	t.Helper()
	conn, err := srv.Connect(t.Context())
	must(t, err)
	t.Cleanup(conn.Close)
	info, err := conn.Info(t.Context())
	must(t, err)
	return conn, info
}

// Each privilege is missed when it alone is taken away.
func TestRealMySQLTellsEachMissingGrant(t *testing.T) {
	db, srv := realMySQL(t)
	account := "'" + db.User + "'@'localhost'"
	_, info := connected(t, srv)
	for _, p := range NeededGrants(info) {
		on := p.On
		if on == "" {
			on = "*.*"
		}
		what := p.Names[0] + " ON " + on
		t.Run(what, func(t *testing.T) {
			db.Exec("REVOKE " + what + " FROM " + account)
			conn, info := connected(t, srv)
			testkit.Says(t, conn.CheckGrants(t.Context(), info, db.User), "the backup user '"+db.User+"' lacks the privilege "+p.Names[0])
			db.Exec("GRANT " + what + " TO " + account)
			again, info := connected(t, srv)
			must(t, again.CheckGrants(t.Context(), info, db.User))
		})
	}
}

// The binary log changes nothing in what is needed, and shows.
func TestRealMySQLWithABinaryLog(t *testing.T) {
	db, srv := realMySQL(t, mariadbtest.WithBinlog())
	conn, info := connected(t, srv)
	if !info.Binlog {
		t.Errorf("it says %+v", info)
	}
	must(t, conn.CheckGrants(t.Context(), info, db.User))
}

// An account that must encrypt gets in with the authority's certificate, which
// MySQL makes itself since 5.7, and with nothing less.
func TestRealMySQLWantsEncryption(t *testing.T) {
	db, srv := realMySQL(t)
	_, info := connected(t, srv)
	if !AtLeast(info.Version, 5, 7) {
		// This build of 5.6 knows no TLS that today's programs still speak.
		db.Exec("GRANT USAGE ON *.* TO '" + db.User + "'@'localhost' REQUIRE SSL")
		_, err := srv.Connect(t.Context())
		testkit.Says(t, err, "refused the login")
		return
	}
	db.Exec("ALTER USER '" + db.User + "'@'localhost' REQUIRE SSL")
	text, err := os.ReadFile(db.CredentialsFile)
	must(t, err)
	srv.CredentialsFile = filepath.Join(t.TempDir(), "ssl.cnf")
	with := func(line string) {
		must(t, os.WriteFile(srv.CredentialsFile, []byte(string(text)+line+"\n"), 0o600))
	}
	// As MySQL's own programs, we encrypt where the server can.
	for _, line := range []string{"", "ssl-ca=" + filepath.Join(db.DataDir, "ca.pem"), "ssl-mode=REQUIRED"} {
		with(line)
		connected(t, srv)
	}
	with("ssl-mode=DISABLED")
	if _, err := srv.Connect(t.Context()); err == nil || !strings.Contains(err.Error(), "refused the login") {
		t.Errorf("without encryption: %v", err)
	}
}

// The server's option file, as it is started with, tells where its files are.
func TestRealMySQLIsFoundElsewhere(t *testing.T) {
	dir := t.TempDir()
	version, err := mariadbtest.MySQLVersion(os.Getenv("DBCALM_TEST_MYSQLD"))
	must(t, err)
	name := "innodb-undo-directory"
	if AtLeast(version, 8, 0, 20) {
		// Undo tablespaces cannot be moved by an option any more.
		name = "innodb-doublewrite-dir"
	}
	option := "--" + name + "=" + dir
	db, srv := realMySQL(t, mariadbtest.WithArgs(option))
	_, info := connected(t, srv)
	if len(info.Elsewhere) != 1 || !strings.HasPrefix(info.Elsewhere[0], name+"=") {
		t.Errorf("it says of its files: %q", info.Elsewhere)
	}
	srv.DefaultsFile = filepath.Join(dir, "my.cnf")
	must(t, os.WriteFile(srv.DefaultsFile, []byte("[mysqld-"+Series(info.Version)+"]\n"+strings.TrimPrefix(option, "--")+"\n"), 0o600))
	db.Stop()
	if err := srv.CheckLayout(t.Context(), info.Version); !errors.Is(err, ErrDataDir) || !strings.Contains(err.Error(), name) {
		t.Errorf("by its option file: %v", err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
