//go:build speed

package e2e

import (
	"fmt"

	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// speedSets are what the rows of the database hold.
var speedSets = []struct{ name, value string }{
	{"compressible", orderDocument()},
	{"random", "random_bytes(1000)"},
}

// speedTables is how many tables share the data.
const speedTables = 8

// orderDocument returns an SQL expression for a document as a shop keeps them,
// of about a kilobyte, with numbers, names and keys that do not repeat in step.
func orderDocument() string {
	const customer = `'{"order":', seq, ',"customer":{"id":', seq * 7919 % 1000003, ',"name":"',
		elt(1 + seq * 7 % 11, 'Ada', 'Grace', 'Edsger', 'Barbara', 'Donald', 'Frances', 'Niklaus', 'Radia', 'Tony', 'Margaret', 'Alan'), ' ',
		elt(1 + seq * 13 % 17, 'Moser', 'Keller', 'Weber', 'Huber', 'Schmid', 'Meier', 'Graf', 'Roth', 'Frei',
			'Kunz', 'Suter', 'Vogel', 'Lang', 'Wyss', 'Berger', 'Hess', 'Koch'),
		'","token":"', left(md5(seq), 12), '"},"placed":"', from_unixtime(1700000000 + seq * 37), '","lines":['`
	const line = `, '{"sku":"', left(sha1(seq * 9 + %[1]d), 10), '","quantity":', 1 + seq * %[1]d %% 9,
		',"price":', seq * %[1]d * 7919 %% 100003 / 100,
		',"note":"', elt(1 + (seq + %[1]d * 3) %% 5, 'in stock', 'on order', 'sent in two parcels', 'gift wrapped', 'back in a week'), '"},'`
	document := "concat(" + customer
	for n := range 9 {
		document += fmt.Sprintf(line, n+1)
	}
	return document + ", ']}')"
}

// fillForSpeed makes tables of about this size together.
func fillForSpeed(server *mariadbtest.Server, value string, mebibytes int) {
	server.Exec("CREATE DATABASE bench")
	for i := range speedTables {
		server.Exec(fmt.Sprintf("CREATE TABLE bench.t%d (id int PRIMARY KEY, v mediumblob) ENGINE=InnoDB", i),
			fmt.Sprintf("INSERT INTO bench.t%d SELECT seq, %s FROM bench.seq_1_to_%d", i, value, mebibytes*1024/speedTables*9/10))
	}
}

// fillWithTables makes many tables of a few rows each.
func fillWithTables(server *mariadbtest.Server, many int) {
	// What a power cut would cost is not wanted here.
	server.Exec("SET GLOBAL innodb_flush_log_at_trx_commit = 0", "CREATE DATABASE bench")
	for i := range many {
		server.Exec(fmt.Sprintf("CREATE TABLE bench.t%d (id int PRIMARY KEY, v varchar(100)) ENGINE=InnoDB", i))
		server.Exec(fmt.Sprintf("INSERT INTO bench.t%d VALUES (1, 'one'), (2, md5(%d))", i, i))
	}
}
