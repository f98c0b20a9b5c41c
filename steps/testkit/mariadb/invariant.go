package mariadbtest

import (
	"database/sql"
	"fmt"
)

// VerifyInvariant checks what holds at every instant of the writer's life and
// so in every consistent copy of it: no money came or went, each balance is
// what the ledger says, and no number is missing in ledger or counters, which
// are behind the ledger by no more than the line being written. On the live
// server, stop the writer first.
func VerifyInvariant(db *sql.DB) error {
	last, err := verifySequence(db, "bank.ledger")
	if err != nil {
		return err
	}
	var count, sum int
	if err := db.QueryRow("SELECT COUNT(*), SUM(balance) FROM bank.account").Scan(&count, &sum); err != nil {
		return fmt.Errorf("add up bank.account: %w", err)
	}
	if count != accounts || sum != accounts*openingBalance {
		return fmt.Errorf("verify bank.account: %d accounts hold %d, want %d holding %d", count, sum, accounts, accounts*openingBalance)
	}
	var wrong int
	err = db.QueryRow(`SELECT COUNT(*) FROM bank.account LEFT JOIN (
			SELECT id, SUM(amount) AS flow FROM (
				SELECT payee AS id, amount FROM bank.ledger UNION ALL SELECT payer, -amount FROM bank.ledger
			) AS side GROUP BY id
		) AS ledger USING (id) WHERE balance <> ? + COALESCE(flow, 0)`, openingBalance).Scan(&wrong)
	if err != nil {
		return fmt.Errorf("compare bank.account with bank.ledger: %w", err)
	}
	if wrong > 0 {
		return fmt.Errorf("verify bank.account: %d balances differ from what bank.ledger adds up to", wrong)
	}
	for _, counter := range counters {
		behind, err := verifySequence(db, counter)
		if err != nil {
			return err
		}
		if behind != last && behind != last-1 {
			return fmt.Errorf("verify %s: it ends at %d, bank.ledger at %d", counter, behind, last)
		}
	}
	return nil
}

// verifySequence checks that a table's numbers run from 1 without a gap and
// returns the last one.
func verifySequence(db *sql.DB, table string) (int64, error) {
	var count, first, last int64
	err := db.QueryRow("SELECT COUNT(*), COALESCE(MIN(seq), 1), COALESCE(MAX(seq), 0) FROM "+table).Scan(&count, &first, &last)
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", table, err)
	}
	if first != 1 || count != last {
		return 0, fmt.Errorf("verify %s: %d lines numbered %d to %d", table, count, first, last)
	}
	return last, nil
}
