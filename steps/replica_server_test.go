package steps

import (
	"fmt"
	"maps"
	"net"
	"strconv"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/store"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// primary is a bench whose server writes a binary log and answers to replicas.
func primary(t *testing.T) (b *kitBench, port string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port = strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	k := kits(t)[0]
	b = &kitBench{kit: k, db: mariadbtest.Start(t, mariadbtest.WithBinlog(),
		mariadbtest.WithArgs("--skip-networking=0", "--bind-address=127.0.0.1", "--port="+port))}
	b.testHost = hostOf(t, b.db)
	b.Server.DBType, b.Tool.Bin = k.dbType, k.tool(t)
	b.db.Exec("CREATE USER repl@'%' IDENTIFIED BY 'replica-secret'", "GRANT REPLICATION SLAVE ON *.* TO repl@'%'")
	return b, port
}

// asked asks a server for one value.
func asked(t *testing.T, s *mariadbtest.Server, query string) string {
	t.Helper()
	var value string
	if err := s.DB().QueryRow(query).Scan(&value); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return value
}

// A replica that is made of a restored backup, by the statements that the restore
// tells, catches up and holds what the primary holds: by GTID and by file.
func TestRestoredBackupBecomesAReplica(t *testing.T) {
	t.Parallel()
	b, port := primary(t)
	mariadbtest.FillTables(t, b.db.DB(), 3, 50)
	b.Must(b.take("full", ""))
	mariadbtest.FillTables(t, b.db.DB(), 4, 50)
	b.Stream = true
	b.Must(b.take("inc", "full"))
	b.Stream = false
	b.db.Exec("CREATE DATABASE later", "CREATE TABLE later.t (id INT PRIMARY KEY) ENGINE=InnoDB",
		"INSERT INTO later.t SELECT seq FROM later.seq_1_to_500", "DELETE FROM later.t WHERE id % 3 = 0")

	for name, test := range map[string]struct {
		chain  []string
		adjust func(*server.Position)
	}{
		"by GTID": {[]string{"full", "inc"}, func(*server.Position) {}},
		"by file": {[]string{"full"}, func(p *server.Position) { p.GTID = "" }},
	} {
		last := test.chain[len(test.chain)-1]
		m, err := store.ReadManifest(b.Store.Folder(last))
		b.Must(err)
		if m.Binlog == nil || m.Binlog.GTID == "" {
			t.Fatalf("%s: the manifest says %v", name, m.Binlog)
		}
		b.Stream = len(test.chain) > 1
		restored, err := b.restore("folder", test.chain...)
		b.Must(err)
		position := *m.Binlog
		test.adjust(&position)
		statements := position.Replicate(m.Server.Flavour, m.Server.Version)

		replica := mariadbtest.Start(t, mariadbtest.WithArgs("--server-id=2", "--log-bin=replica", "--relay-log=relay"))
		replica.Stop()
		replica.StartOn(restored)
		if got := mariadbtest.Fingerprint(t, replica.DB()); maps.Equal(got, mariadbtest.Fingerprint(t, b.db.DB())) {
			t.Fatalf("%s: there is nothing to catch up with", name)
		}
		filled := strings.NewReplacer("'PRIMARY'", "'127.0.0.1'", "3306", port, "'USER'", "'repl'", "'PASSWORD'", "'replica-secret'")
		for _, statement := range statements {
			replica.Exec(filled.Replace(statement))
		}
		caughtUp := func() {
			t.Helper()
			var wait string
			if position.GTID != "" {
				wait = fmt.Sprintf("SELECT MASTER_GTID_WAIT('%s', 60)", asked(t, b.db, "SELECT @@gtid_binlog_pos"))
			} else {
				var file, do, ignore, offset string
				b.Must(b.db.DB().QueryRow("SHOW MASTER STATUS").Scan(&file, &offset, &do, &ignore))
				wait = fmt.Sprintf("SELECT IF(MASTER_POS_WAIT('%s', %s, 60) >= 0, 0, -1)", file, offset)
			}
			if asked(t, replica, wait) != "0" {
				t.Fatalf("%s: the replica has not caught up: %s", name, replica.Log())
			}
			if got, want := mariadbtest.Fingerprint(t, replica.DB()), mariadbtest.Fingerprint(t, b.db.DB()); !maps.Equal(got, want) {
				t.Errorf("%s: the replica holds %v, the primary %v", name, got, want)
			}
		}
		caughtUp()
		b.db.Exec("INSERT INTO later.t SELECT max(id) + 1 FROM later.t")
		caughtUp()
		replica.Exec("STOP SLAVE")
		replica.Stop()
	}
}
