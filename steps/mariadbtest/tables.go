package mariadbtest

import (
	"database/sql"
	"fmt"
	"testing"
)

// engines are the storage engines FillTables deals its tables out to: each is
// copied by the tools in a way of its own.
var engines = []string{"InnoDB", "MyISAM", "Aria"}

// FillTables adds rows to each of the first tables t000, t001, … of the
// database fill, making those that are missing. The engines take turns.
func FillTables(t testing.TB, db *sql.DB, tables, rows int) {
	t.Helper()
	if err := fillTables(db, tables, rows); err != nil {
		t.Fatalf("fill tables: %v", err)
	}
}

func fillTables(db *sql.DB, tables, rows int) error {
	if _, err := db.Exec("CREATE DATABASE IF NOT EXISTS fill CHARACTER SET utf8mb4"); err != nil {
		return fmt.Errorf("create database: %w", err)
	}
	for i := range tables {
		name := fmt.Sprintf("fill.t%03d", i)
		_, err := db.Exec("CREATE TABLE IF NOT EXISTS " + name + ` (
			id       INT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
			name     VARCHAR(80) NOT NULL,
			amount   DECIMAL(12,2) NOT NULL,
			noted_at DATETIME(6) NOT NULL,
			payload  BLOB NOT NULL,
			remark   TEXT NULL,
			KEY (name)
		) ENGINE=` + engines[i%len(engines)])
		if err != nil {
			return fmt.Errorf("create table %s: %w", name, err)
		}
		// Hashes make the payload one that hardly compresses.
		_, err = db.Exec(fmt.Sprintf(`INSERT INTO %s (name, amount, noted_at, payload, remark)
			SELECT CONCAT('Größe ', seq), seq * 1.25, TIMESTAMP('2024-02-29') + INTERVAL seq SECOND,
				CONCAT(UNHEX(SHA2(seq, 512)), UNHEX(SHA2(-seq, 512))), IF(seq %% 7 = 0, NULL, MD5(seq))
			FROM fill.seq_1_to_%d`, name, rows))
		if err != nil {
			return fmt.Errorf("insert into %s: %w", name, err)
		}
	}
	return nil
}
