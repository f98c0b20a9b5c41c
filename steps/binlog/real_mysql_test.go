//go:build matrix

package binlog

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// mysqlWorkload is of everything that a MySQL of any version writes into its log.
var mysqlWorkload = []string{
	`CREATE DATABASE shop`,
	`CREATE TABLE shop.item (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(2000)) ENGINE=InnoDB`,
	`CREATE TABLE shop.plain (id INT) ENGINE=MyISAM`,
	`SET SESSION binlog_format = 'STATEMENT'`, `INSERT INTO shop.item (name) VALUES ('statement')`,
	`SET SESSION binlog_format = 'ROW'`, `INSERT INTO shop.item (name) VALUES ('row')`,
	`INSERT INTO shop.plain VALUES (1)`,
	`BEGIN`, `INSERT INTO shop.item (name) VALUES ('one')`, `SAVEPOINT here`, `INSERT INTO shop.item (name) VALUES ('two')`,
	`ROLLBACK TO here`, `COMMIT`,
	`XA START 'one'`, `INSERT INTO shop.item (name) VALUES ('xa')`, `XA END 'one'`, `XA PREPARE 'one'`, `XA COMMIT 'one'`,
	`CREATE PROCEDURE shop.p() INSERT INTO shop.item (name) VALUES ('called')`, `CALL shop.p()`,
	`DROP TABLE shop.plain`,
}

// newerWorkload is of what came with MySQL 8.
var newerWorkload = []string{
	`SET gtid_next = 'AUTOMATIC:nightly'`, `INSERT INTO shop.item (name) VALUES ('tagged')`, `SET gtid_next = 'AUTOMATIC'`,
	`SET binlog_transaction_compression = ON`, `INSERT INTO shop.item (name) VALUES (REPEAT('compressed', 100))`,
	`SET binlog_transaction_compression = OFF`, `CREATE TABLE shop.made AS SELECT * FROM shop.item`,
}

// withGTIDs is the MySQL that the environment names, and what it is to write.
func withGTIDs(t *testing.T, args ...string) (db *mariadbtest.Server, workload []string, name string) {
	t.Helper()
	mysqld := os.Getenv("DBCALM_TEST_MYSQLD")
	version, err := mariadbtest.MySQLVersion(mysqld)
	if err != nil {
		t.Fatalf("run make matrix: %v", err)
	}
	workload, name = mysqlWorkload, "mysql-5.6.binlog"
	if !strings.HasPrefix(version, "5.") {
		workload, name = append(workload, newerWorkload...), "mysql-9.7.binlog"
	}
	db = mariadbtest.Start(t, mariadbtest.MySQL(mysqld), mariadbtest.WithBinlog(),
		mariadbtest.WithArgs(append(args, "--gtid-mode=ON", "--enforce-gtid-consistency=ON", "--log-slave-updates")...))
	db.DB().SetMaxOpenConns(1)
	return db, workload, name
}

var nextGTID = regexp.MustCompile(`GTID_NEXT= '(.*)'`)

// What is read of a MySQL's logs must be what the server itself reads. With -update
// the second of them becomes the one in testdata.
func TestRealMySQLIsRead(t *testing.T) {
	for name, args := range map[string][]string{
		"plain":        nil,
		"no checksums": {"--binlog-checksum=NONE"},
		"small files":  {"--max-binlog-size=4096"},
		"rows told of": {"--binlog-rows-query-log-events=ON", "--binlog-row-image=MINIMAL"},
	} {
		t.Run(name, func(t *testing.T) {
			db, workload, golden := withGTIDs(t, args...)
			// The first file has the accounts, which are of no use in testdata.
			db.Exec(`FLUSH BINARY LOGS`)
			db.Exec(workload...)
			db.Exec(`FLUSH BINARY LOGS`)
			var executed string
			if err := db.DB().QueryRow(`SELECT @@GLOBAL.gtid_executed`).Scan(&executed); err != nil {
				t.Fatal(err)
			}
			files, err := filepath.Glob(filepath.Join(db.DataDir, "binlog.[0-9][0-9][0-9][0-9][0-9][0-9]"))
			if err != nil || len(files) < 3 {
				t.Fatalf("%v, %v", files, err)
			}
			var seen State
			for _, file := range files {
				got, ends := readAll(t, file, &seen)
				compareWith(t, eventsOf(t, db, filepath.Base(file)), got, ends)
			}
			if want, err := ParseState(executed); err != nil || !seen.Equal(want) {
				t.Errorf("the log has seen %s, and the server says %s: %v", seen, executed, err)
			}
			if testkit.Updating() && args == nil {
				text, err := os.ReadFile(files[1])
				if err == nil {
					err = os.WriteFile(filepath.Join("testdata", golden), text, 0o644)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// eventsOf asks the server for the events of a file, and writes them as the vendor's
// program does.
func eventsOf(t *testing.T, db *mariadbtest.Server, file string) string {
	t.Helper()
	rows, err := db.DB().Query(`SHOW BINLOG EVENTS IN '` + file + `'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var b strings.Builder
	for rows.Next() {
		var name, kind, info string
		var at, server, end int64
		if err := rows.Scan(&name, &at, &kind, &server, &end, &info); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "# at %d\n", at)
		if found := nextGTID.FindStringSubmatch(info); found != nil {
			fmt.Fprintf(&b, "#%s\tGTID %s\n", kind, found[1])
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
