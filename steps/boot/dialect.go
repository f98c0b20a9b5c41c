package boot

import (
	"fmt"

	"dbcalm-db-cmd/steps/archive"
	"dbcalm-db-cmd/steps/server"
)

// dialect is how a kind of server is told to be a replica without a source.
type dialect struct {
	// args are its options beside those of both kinds.
	args []string
	// login is what it runs when it starts to make an account of a name and a password,
	// session what the one connection begins with, logout what comes last.
	login           string
	session, logout []string
	// counts is its variable of what it has applied.
	counts string
	// forget are the statements after which it knows of no relay log, of an earlier run
	// say, reset those after which it stands at a position. Counted: the data itself tells
	// what it has seen, or less.
	forget  []string
	reset   func(position string) []string
	counted bool
	// change has it read a file of the relay log, begins and ends are for the thread that
	// does, shows asks for its status, which has running.
	change, begins, shows, running string
	ends                           []string
}

// dialect returns that of the server. A replay that begins has it go on after what
// the backup has of the log.
func (r *Replay) dialect(plan archive.Plan, begun bool) (dialect, error) {
	if r.MySQL == "" {
		return mariadbDialect(), nil
	}
	log, err := findLog(r.Folder, plan.Start.File)
	if err == nil && !begun {
		err = log.list(r.Folder)
	}
	return mysqlDialect(r.MySQL, log), err
}

func mariadbDialect() dialect {
	return dialect{
		args: []string{
			"--replicate-same-server-id", "--relay-log-info-file=../" + relayFolder + "/relay-log.info",
			"--master-info-file=../" + relayFolder + "/master.info", "--slave-load-tmpdir=../" + serverTemp,
			"--slave-parallel-threads=0", "--slave-transaction-retries=0", "--gtid-strict-mode=OFF",
			"--slave-exec-mode=STRICT", "--slave-skip-errors=OFF", "--log-slave-updates=OFF", "--slave-max-allowed-packet=1G",
		},
		login: "CREATE OR REPLACE USER %[1]s@localhost IDENTIFIED BY '%[2]s';\n" +
			"GRANT ALL PRIVILEGES ON *.* TO %[1]s@localhost;\n",
		logout: []string{`DROP USER IF EXISTS ` + replayUser + `@localhost`},
		counts: "gtid_slave_pos",
		reset:  func(position string) []string { return []string{`SET GLOBAL gtid_slave_pos = '` + position + `'`} },
		change: "CHANGE MASTER TO MASTER_HOST='archive', MASTER_USER='none', MASTER_LOG_FILE='%[1]s', MASTER_LOG_POS=4, " +
			"RELAY_LOG_FILE='%[1]s', RELAY_LOG_POS=4, MASTER_USE_GTID=no",
		begins: `START SLAVE SQL_THREAD`, shows: `SHOW SLAVE STATUS`, running: "Slave_SQL_Running",
		ends: []string{`STOP SLAVE`, `RESET SLAVE ALL`},
	}
}

// mysqlDialect is that of a version of MySQL. It writes a log of what it replays,
// under the name that the log of the server backed up had: it may have to look there
// which transactions were committed, and before MySQL 5.7 only such a log tells what was
// done.
func mysqlDialect(version string, log ownLog) dialect {
	d := dialect{
		args: []string{
			"--log-bin=" + log.base, "--log-bin-index=" + log.index, "--sync-binlog=0", "--loose-binlog-encryption=OFF",
			"--gtid-mode=ON", "--enforce-gtid-consistency=ON", "--log-slave-updates=ON", "--loose-binlog-format=MIXED",
			"--loose-slave-parallel-workers=0", "--loose-replica-parallel-workers=0",
			"--loose-slave-transaction-retries=0", "--loose-replica-transaction-retries=0",
			"--loose-slave-load-tmpdir=../" + serverTemp, "--loose-replica-load-tmpdir=../" + serverTemp,
			"--loose-slave-max-allowed-packet=1G", "--loose-replica-max-allowed-packet=1G",
			"--loose-relay-log-info-file=../" + relayFolder + "/relay-log.info", "--loose-master-info-file=../" + relayFolder + "/master.info",
			"--loose-super-read-only=OFF", fmt.Sprintf("--loose-innodb-redo-log-capacity=%d", ReplayRedo),
			// Files that nobody asked for would come into the data directory.
			"--loose-auto-generate-certs=OFF", "--loose-sha256-password-auto-generate-rsa-keys=OFF",
			"--loose-caching-sha2-password-auto-generate-rsa-keys=OFF",
		},
		login: "SET SESSION sql_log_bin = 0;\nDROP USER IF EXISTS %[1]s@localhost;\n" +
			"CREATE USER %[1]s@localhost IDENTIFIED BY '%[2]s';\nGRANT ALL PRIVILEGES ON *.* TO %[1]s@localhost;\n",
		session: []string{`SET SESSION sql_log_bin = 0`},
		// What was replayed is in the tables: of the log no more is kept than what it has seen.
		logout: []string{`FLUSH LOCAL BINARY LOGS`, `PURGE BINARY LOGS BEFORE NOW() + INTERVAL 1 DAY`,
			`DROP USER IF EXISTS ` + replayUser + `@localhost`},
		counts: "gtid_executed", counted: true,
		change: "CHANGE REPLICATION SOURCE TO SOURCE_HOST='archive', SOURCE_USER='none', RELAY_LOG_FILE='%s', RELAY_LOG_POS=4, " +
			"SOURCE_AUTO_POSITION=0",
		begins: `START REPLICA SQL_THREAD`, shows: `SHOW REPLICA STATUS`, running: "Replica_SQL_Running",
		ends: []string{`STOP REPLICA`, `RESET REPLICA ALL`},
		// The backup of a replica has what that knew of its source.
		forget: []string{`RESET REPLICA ALL`},
	}
	reset := `RESET BINARY LOGS AND GTIDS`
	if !server.AtLeast(version, 8, 2) {
		reset = `RESET MASTER`
	}
	if !server.AtLeast(version, 8, 0, 23) {
		d.forget = []string{`RESET SLAVE ALL`}
		d.change = "CHANGE MASTER TO MASTER_HOST='archive', MASTER_USER='none', RELAY_LOG_FILE='%s', RELAY_LOG_POS=4, MASTER_AUTO_POSITION=0"
		d.begins, d.shows, d.running = `START SLAVE SQL_THREAD`, `SHOW SLAVE STATUS`, "Slave_SQL_Running"
		d.ends = []string{`STOP SLAVE`, `RESET SLAVE ALL`}
	}
	if !server.AtLeast(version, 5, 7) {
		d.login = "SET SESSION sql_log_bin = 0;\nGRANT ALL PRIVILEGES ON *.* TO %[1]s@localhost IDENTIFIED BY '%[2]s';\n"
		d.logout = append(d.logout[:2:2], `DELETE FROM mysql.user WHERE User = '`+replayUser+`'`, `FLUSH LOCAL PRIVILEGES`)
	}
	d.reset = func(position string) []string {
		return []string{reset, `SET GLOBAL gtid_purged = '` + position + `'`}
	}
	return d
}
