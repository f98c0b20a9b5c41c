//go:build matrix

package boot

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"dbcalm-db-cmd/steps/archive"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/server"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// realMySQL is the history of the MySQL that the environment names. Its copy is
// what XtraBackup makes of a server under way: the newest file of the log is in it
// from MySQL 8.0 on, and tells which transactions were committed; before that, none.
func realMySQL(t *testing.T, args ...string) *history {
	t.Helper()
	mysqld := os.Getenv("DBCALM_TEST_MYSQLD")
	version, err := mariadbtest.MySQLVersion(mysqld)
	if err != nil {
		t.Fatalf("run make matrix: %v", err)
	}
	h := &history{t: t, interval: 200 * time.Millisecond, size: 1 << 20, kind: server.MySQL, mysql: version, counts: "gtid_executed",
		server: mariadbtest.Start(t, mariadbtest.MySQL(mysqld), mariadbtest.WithBinlog(), mariadbtest.WithArgs(append(args,
			"--gtid-mode=ON", "--enforce-gtid-consistency=ON", "--log-slave-updates")...))}
	h.old()
	asked := &server.Server{DBType: h.kind, CredentialsFile: h.server.CredentialsFile, DataDir: h.server.DataDir}
	conn, err := asked.Connect(t.Context())
	h.must(err)
	h.options, _, err = conn.ProgramOptions(t.Context(), version)
	h.must(err)
	conn.Close()
	logs := h.logs()
	h.start.File = filepath.Base(logs[len(logs)-1])
	info, err := os.Stat(logs[len(logs)-1])
	h.must(err)
	h.start.Offset = uint64(info.Size())
	modern := server.AtLeast(version, 8, 0)
	if modern {
		h.server.Kill()
	} else {
		h.server.Stop()
	}
	h.copy = filepath.Join(h.server.Dir, "copy")
	h.run("cp", "-a", h.server.DataDir, h.copy)
	for _, log := range logs {
		if name := filepath.Base(log); !modern || name != h.start.File {
			h.must(os.Remove(filepath.Join(h.copy, name)))
		}
	}
	h.must(os.Remove(filepath.Join(h.copy, "auto.cnf")))
	h.must(os.Remove(filepath.Join(h.copy, "binlog.index")))
	if modern {
		h.must(os.WriteFile(filepath.Join(h.copy, "binlog.index"), []byte(h.start.File+"\n"), 0o600))
	}
	h.must(os.WriteFile(filepath.Join(h.copy, "backup-my.cnf"), []byte("[mysqld]\n"), 0o600))
	h.server.Start()
	h.begin()
	return h
}

// logs are the files of the server's log.
func (h *history) logs() []string {
	h.t.Helper()
	logs, err := filepath.Glob(filepath.Join(h.server.DataDir, "binlog.[0-9]*"))
	h.must(err)
	slices.Sort(logs)
	return logs
}

// A folder is brought to any moment of a MySQL with a writer of all kinds.
func TestRealMySQLIsBroughtToAnyMoment(t *testing.T) {
	h := realMySQL(t, "--max-binlog-size=4096")
	h.write(shopBegins...)
	h.write(
		`CREATE TABLE shop.copy LIKE shop.item`, `INSERT INTO shop.copy SELECT * FROM shop.item`,
		`XA START 'one'`, `INSERT INTO shop.item (name) VALUES ('xa')`, `XA END 'one'`, `XA PREPARE 'one'`, `XA COMMIT 'one'`,
		`BEGIN`, `INSERT INTO shop.item (name) VALUES ('one')`, `SAVEPOINT here`, `INSERT INTO shop.item (name) VALUES ('two')`,
		`ROLLBACK TO here`, `COMMIT`,
		`INSERT INTO shop.copy (id, name) SELECT a.help_topic_id + 100000, REPEAT('long ', 300) FROM mysql.help_topic a LIMIT 400`,
	)
	h.write(mariadbtest.WithCode...)
	h.write(
		`CREATE TRIGGER shop.tr AFTER INSERT ON shop.item FOR EACH ROW INSERT INTO shop.copy (name) VALUES ('trigger')`,
		`INSERT INTO shop.item (name) VALUES ('triggers')`,
		`CREATE EVENT shop.e ON SCHEDULE EVERY 1 SECOND DO INSERT INTO shop.plain VALUES (0, 'event')`,
		`TRUNCATE TABLE shop.copy`, `DROP TRIGGER shop.tr`, `DROP TABLE shop.copy`,
	)
	h.write(mariadbtest.WithAColumn...)
	h.write(`DROP DATABASE old`)
	if server.AtLeast(h.mysql, 8, 3) {
		h.write(`SET gtid_next = 'AUTOMATIC:nightly'`, `INSERT INTO shop.item (name) VALUES ('tagged')`, `SET gtid_next = 'AUTOMATIC'`,
			`SET binlog_transaction_compression = ON`, `INSERT INTO shop.item (name) VALUES (REPEAT('compressed', 100))`,
			`XA START 'two'`, `INSERT INTO shop.item (name) VALUES ('compressed xa')`, `XA END 'two'`, `XA PREPARE 'two'`, `XA COMMIT 'two'`,
			`SET binlog_transaction_compression = OFF`, `CREATE TABLE shop.made AS SELECT * FROM shop.item`)
	}
	h.write(`INSERT INTO shop.item (name) VALUES ('last')`)
	h.archived()
	h.stop()
	for _, i := range append(rand.Perm(len(h.shadow) - 1)[:movesTried], len(h.shadow)-1) {
		want := h.shadow[i]
		m, err := archive.ParseMoment(want.gtid, nil)
		h.must(err)
		_, folder := h.bring(m, want)
		h.expect(folder, want)
	}
	// What all that was committed by now brings, and what is in the folder besides.
	want := h.shadow[len(h.shadow)-1]
	_, folder := h.bring(archive.Moment{Time: time.Now()}, want)
	if !strings.Contains(h.said, EventsOff+"shop.e\n") {
		t.Errorf("of the event that is off is said: %s", h.said)
	}
	if _, err := os.Stat(filepath.Join(folder, "auto.cnf")); err == nil {
		t.Error("the replay's own UUID is left in the folder")
	}
	if logs, err := filepath.Glob(filepath.Join(folder, "binlog.[0-9]*")); err != nil || len(logs) != 1 {
		t.Errorf("of the replay's log are left %v, %v", logs, err)
	}
	h.expect(folder, want)
	var users int
	h.must(h.server.DB().QueryRow(`SELECT COUNT(*) FROM mysql.user WHERE User = '` + replayUser + `'`).Scan(&users))
	if users != 0 {
		t.Error("the account of the replay is left")
	}
}

// A replay on a MySQL that is killed, or whose server is, goes on when it is run
// again: every transaction is done once.
func TestRealMySQLReplayGoesOnAfterKills(t *testing.T) {
	realMySQL(t).killReplays()
}

// A folder that has seen what the backup does not tell of is not replayed on; one
// that has noted less of what is in it is.
func TestRealMySQLStandsWhereTheBackupSays(t *testing.T) {
	h := realMySQL(t)
	h.write(`INSERT INTO old.t VALUES (2, 'two')`)
	h.archived()
	h.stop()
	want := h.shadow[0]
	plan, err := h.archive.Resolve(t.Context(), h.start, h.taken, archive.Moment{})
	h.must(err)
	reset := `RESET MASTER`
	if server.AtLeast(h.mysql, 8, 2) {
		reset = `RESET BINARY LOGS AND GTIDS`
	}
	changed := func(statement string) (folder string) {
		folder = h.stage(plan)
		h.server.Stop()
		h.server.StartOn(folder)
		h.server.Exec(statement)
		h.server.Stop()
		return folder
	}
	out, err := h.replay(changed(`INSERT INTO old.t VALUES (3, 'three')`)).CombinedOutput()
	if want := "and the backup tool noted " + h.start.GTID; err == nil || !strings.Contains(string(out), want) {
		t.Errorf("%v: %s, want %s", err, out, want)
	}
	folder := changed(reset)
	if out, err := h.replay(folder).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	h.expect(folder, want)

	// What is read is not all that is wanted.
	folder = h.stage(plan)
	plan.GTID += "0"
	h.must(disk.WriteJSON(filepath.Join(filepath.Dir(folder), PlanFile), plan))
	out, err = h.replay(folder).CombinedOutput()
	if want := "the replay ended at GTID " + want.all; err == nil || !strings.Contains(string(out), want) {
		t.Errorf("%v: %s, want %s", err, out, want)
	}
}
