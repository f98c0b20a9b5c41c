//go:build matrix

package server

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// olderThan reports whether the MySQL that the environment names is older than a
// version.
func olderThan(t *testing.T, numbers ...int) bool {
	t.Helper()
	version, err := mariadbtest.MySQLVersion(os.Getenv("DBCALM_TEST_MYSQLD"))
	must(t, err)
	return !AtLeast(version, numbers...)
}

// What an account may do by a role counts while the role is active when it logs in.
func TestRealMySQLGrantsByRoles(t *testing.T) {
	if olderThan(t, 8, 0) {
		t.Skip("roles came with MySQL 8.0")
	}
	db, srv := realMySQL(t)
	account := "'" + db.User + "'@'localhost'"
	_, info := connected(t, srv)
	db.Exec("CREATE ROLE taker", "GRANT RELOAD, PROCESS, LOCK TABLES, REPLICATION CLIENT, BACKUP_ADMIN ON *.* TO taker",
		"REVOKE RELOAD, PROCESS, LOCK TABLES, REPLICATION CLIENT, BACKUP_ADMIN ON *.* FROM "+account, "GRANT taker TO "+account)
	conn, _ := connected(t, srv)
	testkit.Says(t, conn.CheckGrants(t.Context(), info, db.User), "lacks the privilege RELOAD, PROCESS, LOCK TABLES",
		"its role `taker`@`%` is not active when it logs in: SET DEFAULT ROLE ALL TO its account")
	db.Exec("SET DEFAULT ROLE ALL TO " + account)
	conn, _ = connected(t, srv)
	must(t, conn.CheckGrants(t.Context(), info, db.User))
	// A role that has one of the roles.
	db.Exec("CREATE ROLE upper", "GRANT taker TO upper", "REVOKE taker FROM "+account, "GRANT upper TO "+account,
		"SET DEFAULT ROLE upper TO "+account)
	conn, _ = connected(t, srv)
	must(t, conn.CheckGrants(t.Context(), info, db.User))
}

// An account with the newer kind of password gets in by the socket and by TCP,
// encrypted or not.
func TestRealMySQLTakesNewPasswords(t *testing.T) {
	if olderThan(t, 8, 0) {
		t.Skip("caching_sha2_password came with MySQL 8.0")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	port := listener.Addr().(*net.TCPAddr).Port
	must(t, listener.Close())
	db, srv := realMySQL(t, mariadbtest.WithArgs("--skip-networking=0", "--bind-address=127.0.0.1", fmt.Sprintf("--port=%d", port)))
	db.Exec("CREATE USER newer@'%' IDENTIFIED WITH caching_sha2_password BY 's3cret'")
	srv.CredentialsFile = filepath.Join(t.TempDir(), "newer.cnf")
	for _, way := range []string{
		"socket=" + db.Socket, fmt.Sprintf("host=127.0.0.1\nport=%d", port), fmt.Sprintf("host=127.0.0.1\nport=%d\nssl-mode=DISABLED", port),
	} {
		// The server forgets which passwords it has seen.
		db.Exec("FLUSH PRIVILEGES")
		must(t, os.WriteFile(srv.CredentialsFile, []byte("[client-dbcalm]\nuser=newer\npassword=s3cret\n"+way+"\n"), 0o600))
		if err := srv.Reachable(t.Context()); err != nil {
			t.Errorf("by %q: %v", way, err)
		}
		must(t, os.WriteFile(srv.CredentialsFile, []byte("[client-dbcalm]\nuser=newer\npassword=wrong\n"+way+"\n"), 0o600))
		testkit.Says(t, srv.Reachable(t.Context()), "the server refused the login of the backup user 'newer'")
	}
}

// Whatever a MySQL keeps outside its data directory is known: tables, partitions,
// general tablespaces, undo logs.
func TestRealMySQLTellsWhatLiesElsewhere(t *testing.T) {
	dir := t.TempDir()
	must(t, os.Chmod(dir, 0o755))
	var options []mariadbtest.Option
	modern := !olderThan(t, 8, 0)
	if modern {
		// It makes files in folders that it knows of only.
		options = append(options, mariadbtest.WithArgs("--innodb-directories="+dir))
	}
	db, srv := realMySQL(t, options...)
	db.Exec("CREATE DATABASE shop", "CREATE TABLE shop.inside (id INT PRIMARY KEY) ENGINE=InnoDB",
		"CREATE TABLE shop.far (id INT PRIMARY KEY) ENGINE=InnoDB DATA DIRECTORY='"+dir+"'",
		"CREATE TABLE shop.parts (id INT PRIMARY KEY) ENGINE=InnoDB PARTITION BY RANGE (id) (PARTITION a VALUES LESS THAN (10), "+
			"PARTITION b VALUES LESS THAN (20) DATA DIRECTORY='"+dir+"')")
	want := []string{"shop/far", "shop/parts#"}
	if modern {
		db.Exec("CREATE TABLESPACE wide ADD DATAFILE '"+dir+"/wide.ibd'", "CREATE TABLESPACE own ADD DATAFILE 'own.ibd'",
			"CREATE UNDO TABLESPACE undone ADD DATAFILE '"+dir+"/undone.ibu'")
		want = append(want, "/wide", "/undone")
	}
	conn, info := connected(t, srv)
	list, err := conn.Outside(t.Context(), info)
	must(t, err)
	for _, name := range want {
		if !slices.ContainsFunc(list, func(o OutsideTable) bool {
			return strings.Contains(strings.ToLower(o.Table), name) && strings.HasPrefix(o.At, dir)
		}) {
			t.Errorf("%s is not among %+v", name, list)
		}
	}
	if len(list) != len(want) {
		t.Errorf("told are %+v", list)
	}
	info.Outside = list
	if info.ToFolderOnly() == "" {
		t.Error("its backups may go to the database")
	}
	if modern == (len(info.Elsewhere) == 0) {
		t.Errorf("options: %q", info.Elsewhere)
	}
}

// A binary log outside the data directory is told. It goes on beside a data
// directory of before, and the server then counts as done what only the log has.
func TestRealMySQLWithItsLogElsewhere(t *testing.T) {
	dir := t.TempDir()
	must(t, os.Chmod(dir, 0o755))
	db, srv := realMySQL(t, mariadbtest.WithBinlog(), mariadbtest.WithArgs("--log-bin="+dir+"/b", "--gtid-mode=ON",
		"--enforce-gtid-consistency=ON", "--log-slave-updates"))
	_, info := connected(t, srv)
	if info.BinlogFolder != dir || info.BinlogStays("") == "" {
		t.Errorf("it says %+v", info)
	}
	db.Exec("CREATE DATABASE shop", "CREATE TABLE shop.t (id INT PRIMARY KEY) ENGINE=InnoDB")
	db.Stop()
	before, again := filepath.Join(t.TempDir(), "before"), filepath.Join(t.TempDir(), "again")
	must(t, os.CopyFS(before, os.DirFS(db.DataDir)))
	must(t, os.CopyFS(again, os.DirFS(db.DataDir)))
	db.Start()
	executed := func() (set string, rows int) {
		must(t, db.DB().QueryRow("SELECT @@GLOBAL.gtid_executed, (SELECT COUNT(*) FROM shop.t)").Scan(&set, &rows))
		return set, rows
	}
	old, _ := executed()
	db.Exec("INSERT INTO shop.t VALUES (1)")
	newer, _ := executed()
	db.Stop()
	db.StartOn(before)
	if set, rows := executed(); set != newer || set == old || rows != 0 {
		t.Errorf("on the data of before, %d rows and %q are there, of which the log had %q", rows, set, newer)
	}
	// As the restore tells people to do.
	db.Stop()
	logs, err := filepath.Glob(dir + "/b.*")
	must(t, err)
	for _, log := range logs {
		must(t, os.Rename(log, filepath.Join(t.TempDir(), filepath.Base(log))))
	}
	db.StartOn(again)
	if set, rows := executed(); set == newer || rows != 0 {
		t.Errorf("without the log of before, %d rows and %q are there", rows, set)
	}
}

// A server that can tell which pages have changed is known.
func TestRealMySQLTracksPages(t *testing.T) {
	if olderThan(t, 8, 0, 18) {
		t.Skip("page tracking came with MySQL 8.0.18")
	}
	db, srv := realMySQL(t, mariadbtest.WithArgs("--plugin-dir="+mariadbtest.MySQLPlugins(t)))
	conn, _ := connected(t, srv)
	if conn.TracksPages(t.Context()) {
		t.Error("it tracks pages without the component")
	}
	db.Exec("INSTALL COMPONENT 'file://component_mysqlbackup'")
	if !conn.TracksPages(t.Context()) {
		t.Error("it tracks no pages with the component")
	}
}

// A keyring that the server uses is told, and what it has encrypted.
func TestRealMySQLTellsItsKeyring(t *testing.T) {
	if olderThan(t, 8, 0, 24) {
		t.Skip("keyrings became components with MySQL 8.0.24")
	}
	dir := t.TempDir()
	db := mariadbtest.Start(t, mariadbtest.WithKeyring(t, os.Getenv("DBCALM_TEST_MYSQLD"), dir))
	srv := &Server{DBType: MySQL, CredentialsFile: db.CredentialsFile, DataDir: db.DataDir}
	asked := func() string {
		t.Helper()
		conn, info := connected(t, srv)
		found, err := conn.Encryption(t.Context(), info.Version)
		must(t, err)
		return strings.Join(found, ", ")
	}
	if found := asked(); found != "" {
		t.Errorf("without a keyring it tells of %s", found)
	}
	db.Stop()
	mariadbtest.LoadKeyring(t, dir)
	db.Start()
	if found := asked(); found != "component component_keyring_file" {
		t.Errorf("with a keyring it tells of %s", found)
	}
	db.Exec("CREATE DATABASE shop", "CREATE TABLE shop.secret (id INT PRIMARY KEY) ENGINE=InnoDB ENCRYPTION='Y'")
	if found := asked(); found != "component component_keyring_file, 1 encrypted tablespaces" {
		t.Errorf("with a table encrypted it tells of %s", found)
	}
}
