package mariadbtest

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"slices"
)

// The bank the writer works on. A transfer changes two accounts and appends a
// ledger line in one transaction; after it, one line is appended to each
// counter, whose engines know no transactions.
const (
	accounts       = 50
	openingBalance = 1000
)

var bankTables = []string{
	"CREATE DATABASE IF NOT EXISTS bank",
	"CREATE TABLE IF NOT EXISTS bank.account (id INT PRIMARY KEY, balance INT NOT NULL) ENGINE=InnoDB",
	`CREATE TABLE IF NOT EXISTS bank.ledger (seq BIGINT PRIMARY KEY, payer INT NOT NULL, payee INT NOT NULL,
		amount INT NOT NULL) ENGINE=InnoDB`,
	"CREATE TABLE IF NOT EXISTS bank.counter_myisam (seq BIGINT PRIMARY KEY) ENGINE=MyISAM",
	// Of a server that has no Aria it is another MyISAM.
	"CREATE TABLE IF NOT EXISTS bank.counter_aria (seq BIGINT PRIMARY KEY) ENGINE=%s",
	fmt.Sprintf("INSERT IGNORE INTO bank.account SELECT seq, %d FROM %%s", openingBalance),
}

var counters = []string{"bank.counter_myisam", "bank.counter_aria"}

// openBank makes the tables, catches the counters up, which a killed server
// may have left one line behind, and returns the ledger's last number.
func openBank(db *sql.DB) (int64, error) {
	from, err := numbers(db, "bank", accounts)
	if err != nil {
		return 0, err
	}
	kinds, err := engines(db)
	if err != nil {
		return 0, err
	}
	last := len(bankTables) - 1
	statements := slices.Clone(bankTables)
	statements[last-1], statements[last] = fmt.Sprintf(statements[last-1], kinds[len(kinds)-1]), fmt.Sprintf(statements[last], from)
	for _, statement := range statements {
		if _, err := db.Exec(statement); err != nil {
			return 0, fmt.Errorf("make bank: %w", err)
		}
	}
	for _, counter := range counters {
		_, err := db.Exec("INSERT INTO " + counter + " SELECT seq FROM bank.ledger" +
			" WHERE seq > (SELECT COALESCE(MAX(seq), 0) FROM " + counter + ")")
		if err != nil {
			return 0, fmt.Errorf("catch up %s: %w", counter, err)
		}
	}
	var newest int64
	if err := db.QueryRow("SELECT COALESCE(MAX(seq), 0) FROM bank.ledger").Scan(&newest); err != nil {
		return 0, fmt.Errorf("read bank.ledger: %w", err)
	}
	return newest, nil
}

// transfer does one round; it can end anywhere and leave the invariant intact.
func transfer(ctx context.Context, db *sql.DB, seq int64) error {
	payer, amount := 1+rand.IntN(accounts), 1+rand.IntN(100)
	payee := 1 + (payer+rand.IntN(accounts-1))%accounts
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, "UPDATE bank.account SET balance = balance - ? WHERE id = ?", amount, payer); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "UPDATE bank.account SET balance = balance + ? WHERE id = ?", amount, payee); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO bank.ledger VALUES (?, ?, ?, ?)", seq, payer, payee, amount); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	for _, counter := range counters {
		if _, err := db.ExecContext(ctx, "INSERT INTO "+counter+" VALUES (?)", seq); err != nil {
			return err
		}
	}
	return nil
}
