//go:build matrix

package steps

import (
	"bytes"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/boot"
	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/testkit"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
	"dbcalm-db-cmd/steps/tool"
)

// realMySQL starts the MySQL that the environment names.
func realMySQL(t *testing.T, options ...mariadbtest.Option) (db *mariadbtest.Server, mysqld string) {
	t.Helper()
	_, mysqld, err := realPrograms()
	if err != nil || mysqld == "" {
		t.Fatalf("%s names no mysqld: run make matrix (%v)", mysqldVariable, err)
	}
	return mariadbtest.Start(t, append(options, mariadbtest.MySQL(mysqld))...), mysqld
}

// stopped is a copy of a server's data directory, made while it is stopped: a
// prepared backup is no more.
func stopped(t *testing.T, db *mariadbtest.Server) string {
	t.Helper()
	db.Stop()
	folder := filepath.Join(t.TempDir(), "0")
	if err := clone(db.DataDir, folder); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"auto.cnf", "ibtmp1", "#innodb_temp"} {
		if err := os.RemoveAll(filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	testkit.Write(t, folder, map[string]string{tool.OptionsNames[0]: "[mysqld]\ninnodb_page_size=16384\n"})
	return folder
}

// A private server is started on a prepared folder, finds it whole, and finds a
// page that is not.
func TestRealMySQLIsBooted(t *testing.T) {
	db, mysqld := realMySQL(t)
	mariadbtest.FillTables(t, db.DB(), 4, 200)
	h := hostOf(t, db)
	h.Server.DBType = server.MySQL
	program, err := boot.FindProgram(t.Context(), mysqld, server.MySQL)
	h.Must(err)
	conn, err := h.Server.Connect(t.Context())
	h.Must(err)
	options, refused, err := conn.ProgramOptions(t.Context(), program.Version)
	h.Must(err)
	if refused != nil {
		t.Errorf("of the running server's options is refused: %v", refused)
	}
	conn.Close()
	folder := stopped(t, db)
	self, err := os.Executable()
	h.Must(err)
	examine := func() string {
		args := []string{"examine", "--server=" + mysqld, "--use-memory=67108864", "--parallel=2"}
		for _, o := range options {
			args = append(args, "--server-option="+o)
		}
		out, _ := exec.Command(self, append(args, folder)...).CombinedOutput()
		return strings.TrimSpace(string(out))
	}
	if said := examine(); !strings.HasSuffix(said, tool.Completed) {
		t.Fatalf("the whole folder: %s", said)
	}
	f, err := os.OpenFile(filepath.Join(folder, "fill", "t000.ibd"), os.O_WRONLY, 0)
	h.Must(err)
	// The table's rows begin in its fourth page, or later.
	for _, page := range []int64{3, 4} {
		_, err = f.WriteAt(bytes.Repeat([]byte("damage"), 1000), page*16384+200)
		h.Must(err)
	}
	h.Must(f.Close())
	if said := examine(); !strings.HasSuffix(said, boot.FoundDamage) || !strings.Contains(said, "t000") {
		t.Errorf("a damaged page: %s", said)
	}
}

// tagged runs a transaction whose GTID has a tag.
func tagged(t *testing.T, db *mariadbtest.Server) {
	t.Helper()
	conn, err := db.DB().Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, statement := range []string{"SET gtid_next = 'AUTOMATIC:nightly'", "CREATE DATABASE marked", "SET gtid_next = 'AUTOMATIC'"} {
		if _, err := conn.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// The statements that a restore tells make a replica of a restored server.
func TestRealMySQLBecomesAReplica(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	gtid := []string{"--gtid-mode=ON", "--enforce-gtid-consistency=ON", "--log-slave-updates"}
	db, mysqld := realMySQL(t, mariadbtest.WithBinlog(),
		mariadbtest.WithArgs(append(gtid, "--skip-networking=0", "--bind-address=127.0.0.1", "--port="+port)...))
	db.Exec("CREATE USER repl@'%' IDENTIFIED BY 'replica-secret'", "GRANT REPLICATION SLAVE ON *.* TO repl@'%'")
	mariadbtest.FillTables(t, db.DB(), 3, 50)
	version := asked(t, db, "SELECT @@version")
	if server.AtLeast(version, 8, 3) {
		tagged(t, db)
	}
	show := "SHOW MASTER STATUS"
	if server.AtLeast(version, 8, 2) {
		show = "SHOW BINARY LOG STATUS"
	}
	var p server.Position
	var do, ignore string
	if err := db.DB().QueryRow(show).Scan(&p.File, &p.Offset, &do, &ignore, &p.GTID); err != nil || p.GTID == "" {
		t.Fatalf("%+v, %v", p, err)
	}
	p.GTID = strings.ReplaceAll(p.GTID, "\n", "")
	if err := p.Check(); err != nil || server.AtLeast(version, 8, 3) && !strings.Contains(p.GTID, ":nightly:1") {
		t.Fatalf("%+v, %v", p, err)
	}
	folder := stopped(t, db)
	db.Start()
	mariadbtest.FillTables(t, db.DB(), 4, 50)
	want := mariadbtest.Fingerprint(t, db.DB())
	replica := mariadbtest.Start(t, mariadbtest.MySQL(mysqld), mariadbtest.WithBinlog(),
		mariadbtest.WithArgs(append(gtid, "--server-id=2", "--relay-log=relay")...))
	replica.Stop()
	replica.StartOn(folder)
	filled := strings.NewReplacer("'PRIMARY'", "'127.0.0.1'", "3306", port, "'USER'", "'repl'", "'PASSWORD'", "'replica-secret'",
		// As the manual has it for accounts of caching_sha2_password.
		"SOURCE_AUTO_POSITION", "GET_SOURCE_PUBLIC_KEY = 1, SOURCE_AUTO_POSITION")
	for _, statement := range p.Replicate(server.MySQL, version) {
		replica.Exec(filled.Replace(statement))
	}
	testkit.Eventually(t, "the replica catches up", func() bool {
		return maps.Equal(mariadbtest.Fingerprint(t, replica.DB()), want)
	})
}
