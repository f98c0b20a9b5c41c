//go:build matrix

package archive

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/testkit"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// counted are the options with which a MySQL gives every transaction a GTID.
var counted = []string{"--gtid-mode=ON", "--enforce-gtid-consistency=ON", "--log-slave-updates"}

// namedMySQL is the mysqld that the environment names, and its version.
func namedMySQL(t *testing.T) (mysqld, version string) {
	t.Helper()
	mysqld = os.Getenv("DBCALM_TEST_MYSQLD")
	version, err := mariadbtest.MySQLVersion(mysqld)
	if err != nil {
		t.Fatalf("run make matrix: %v", err)
	}
	return mysqld, version
}

// realMySQL is the MySQL that the environment names, and an archive of its log.
func realMySQL(t *testing.T, args ...string) (c *collected, reset string) {
	t.Helper()
	mysqld, version := namedMySQL(t)
	reset = `RESET MASTER`
	if server.AtLeast(version, 8, 2) {
		reset = `RESET BINARY LOGS AND GTIDS`
	}
	return collectedOf(t, server.MySQL, mariadbtest.MySQL(mysqld), mariadbtest.WithArgs(args...)), reset
}

// What a MySQL does with its log is followed, and what was lost is told.
func TestRealMySQLIsArchived(t *testing.T) {
	c, reset := realMySQL(t, append(counted, "--max-binlog-size=4096")...)
	c.start()
	first := c.await(c.write()).Last()
	began := time.Now()
	for range 100 {
		c.server.Exec(`INSERT INTO d.t (word) VALUES (REPEAT('word', 100))`)
	}
	c.expectBreaks(c.await(c.write()))

	// The server is killed, and stopped, and no daemon runs: no break, as its log goes on.
	c.server.Kill()
	c.server.Start()
	c.await(c.write())
	c.server.Stop()
	testkit.Eventually(t, "it waits for the server", func() bool { return c.running.Status().State == Waiting })
	c.server.Start()
	c.await(c.write())
	c.stop()
	c.server.Exec(`FLUSH BINARY LOGS`)
	c.write()
	c.start()
	chain := c.await(c.write())
	c.expectBreaks(chain)
	start := server.Position{File: first.File, Offset: uint64(first.To), GTID: first.After}
	plan, err := c.archive.Resolve(t.Context(), start, began, Moment{})
	if err != nil || plan.From != first.After || plan.GTID != chain.Last().After || plan.Transactions < 100 {
		t.Errorf("the newest moment: %+v, %v", plan, err)
	}
	start.GTID = chain.Last().After
	_, err = c.archive.Resolve(t.Context(), start, began, Moment{})
	testkit.Says(t, err, "is one of another history")

	// What is deleted before it was read is a gap.
	c.stop()
	c.write()
	c.purge()
	c.start()
	c.expectBreaks(c.await(c.write()), "gap: what came after GTID ")

	// The log begins anew, under the same names.
	c.server.Exec(reset)
	chain = c.await(c.write())
	c.expectBreaks(chain, "gap: ", "begins anew")

	// A server of another UUID has the data.
	c.stop()
	c.server.Stop()
	c.Must(os.Remove(filepath.Join(c.server.DataDir, "auto.cnf")))
	c.server.Start()
	c.start()
	chain = c.await(c.write())
	c.expectBreaks(chain, "gap: ", "begins anew", "it is another server's binary log")
	c.stop()
	whole, err := c.archive.Verify(t.Context(), func(p string) { t.Error(p) })
	if err != nil || whole != len(chain.Segments) {
		t.Errorf("%d of %d segments are whole: %v", whole, len(chain.Segments), err)
	}
}

// Transactions without a GTID are not archived: before there are others the archive
// is off, and between them is a gap.
func TestRealMySQLWithoutGTIDs(t *testing.T) {
	c, _ := realMySQL(t, "--gtid-mode=OFF")
	c.start()
	testkit.Eventually(t, "it is off", func() bool {
		s := c.running.Status()
		return s.State == Off && strings.Contains(s.Reason, "gtid_mode=ON and enforce_gtid_consistency=ON")
	})
	c.stop()
	restarted := func(mode string) {
		c.server.Stop()
		c.server.SetArgs(append([]string{"--gtid-mode=" + mode}, counted[1:]...)...)
		c.server.Start()
	}
	restarted("ON")
	c.start()
	c.expectBreaks(c.await(c.write()))
	c.stop()
	restarted("OFF")
	c.server.Exec(`INSERT INTO d.t (word) VALUES ('without')`)
	restarted("ON")
	c.start()
	c.expectBreaks(c.await(c.write()), "gap: ")
}

// A log that a MySQL encrypts is archived as it would be without that, and one that it
// encrypted for a while as well.
func TestRealMySQLEncryptsItsLog(t *testing.T) {
	mysqld, version := namedMySQL(t)
	if !server.AtLeast(version, 8, 0, 24) {
		t.Skip("keyrings became components with MySQL 8.0.24")
	}
	dir := t.TempDir()
	mariadbtest.LoadKeyring(t, dir)
	c := collectedOf(t, server.MySQL, mariadbtest.WithKeyring(t, mysqld, dir), mariadbtest.WithArgs(counted...))
	c.write()
	c.server.Exec(`SET PERSIST binlog_encryption = ON`)
	c.write()
	c.start()
	testkit.Says(t, c.running.Flush(t.Context()), "mysqlbinlog: it ended", "GRANT REPLICATION SLAVE ON *.*")
	c.server.Exec(`GRANT REPLICATION SLAVE ON *.* TO '` + c.server.User + `'@localhost`)
	c.expectBreaks(c.await(c.gtid()))
	for range 3 {
		c.await(c.write())
		c.server.Exec(`FLUSH BINARY LOGS`)
	}

	// While it is followed, and while no daemon runs.
	c.server.Exec(`SET PERSIST binlog_encryption = OFF`)
	c.await(c.write())
	c.stop()
	c.server.Exec(`SET PERSIST binlog_encryption = ON`)
	c.write()
	c.server.Exec(`SET PERSIST binlog_encryption = OFF`)
	c.write()
	c.start()
	c.expectBreaks(c.await(c.write()))
	c.server.Exec(`SET PERSIST binlog_encryption = ON`)
	c.await(c.write())
	c.server.Kill()
	c.server.Start()
	chain := c.await(c.write())
	c.expectBreaks(chain)
	whole, err := c.archive.Verify(t.Context(), func(p string) { t.Error(p) })
	if err != nil || whole != len(chain.Segments) {
		t.Errorf("%d of %d segments are whole: %v", whole, len(chain.Segments), err)
	}
}
