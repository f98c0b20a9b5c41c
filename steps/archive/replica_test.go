package archive

import (
	"fmt"
	"net"
	"testing"

	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/testkit"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// The log of a replica is archived, and goes on when that is promoted. One that does
// not log what it gets is refused.
func TestReplicaIsPromoted(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	source := mariadbtest.Start(t, mariadbtest.WithBinlog(),
		mariadbtest.WithArgs("--skip-networking=0", "--bind-address=127.0.0.1", fmt.Sprintf("--port=%d", port)))
	// Its replicas have what it has done so far.
	source.Exec(`RESET MASTER`, `CREATE USER repl@'%' IDENTIFIED BY 'replica-secret'`, `GRANT REPLICATION SLAVE ON *.* TO repl@'%'`,
		`CREATE DATABASE s`, `CREATE TABLE s.t (id INT PRIMARY KEY)`)
	follow := []string{
		fmt.Sprintf("CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=%d, MASTER_USER='repl', MASTER_PASSWORD='replica-secret', "+
			"MASTER_LOG_FILE='binlog.000001', MASTER_LOG_POS=4", port), `START SLAVE`}
	replicated := func(r *mariadbtest.Server) {
		t.Helper()
		source.Exec(`INSERT INTO s.t SELECT COUNT(*) FROM s.t`)
		var gtid string
		var reached int
		if err := source.DB().QueryRow(`SELECT @@GLOBAL.gtid_binlog_pos`).Scan(&gtid); err != nil {
			t.Fatal(err)
		}
		if err := r.DB().QueryRow(`SELECT MASTER_GTID_WAIT(?, 60)`, gtid).Scan(&reached); err != nil || reached != 0 {
			t.Fatalf("the replica has not come to %s: %d, %v", gtid, reached, err)
		}
	}

	c := newCollected(t, "--server-id=2", "--log-slave-updates=ON", "--relay-log=relay")
	c.server.Exec(`RESET MASTER`)
	c.server.Exec(follow...)
	replicated(c.server)
	c.start()
	replicated(c.server)
	c.await(c.gtid())
	c.server.Exec(`STOP SLAVE`, `RESET SLAVE ALL`)
	chain := c.await(c.write())
	c.expectBreaks(chain)
	if last := chain.Last(); chain.Segments[0].First != "0-1-1" || last.Last[:4] != "0-2-" {
		t.Errorf("it begins with %s and ends with %s", chain.Segments[0].First, last.Last)
	}

	partial := mariadbtest.Start(t, mariadbtest.WithBinlog(), mariadbtest.WithArgs("--server-id=3", "--relay-log=relay"))
	partial.Exec(follow...)
	replicated(partial)
	asked := &server.Server{DBType: server.MariaDB, CredentialsFile: partial.CredentialsFile, DataDir: partial.DataDir}
	log, err := asked.BinaryLog(t.Context())
	c.Must(err)
	if why := log.Unfit(); why == "" {
		t.Errorf("a replica that does not log what it gets: %+v", log)
	}
}
