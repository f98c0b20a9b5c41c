package mariadbtest

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
)

// engines are the storage engines FillTables deals its tables out to, as far as
// the server has them: each is copied by the tools in a way of its own.
func engines(db *sql.DB) ([]string, error) {
	aria, err := hasEngine(db, "Aria")
	if err != nil || !aria {
		return []string{"InnoDB", "MyISAM"}, err
	}
	return []string{"InnoDB", "MyISAM", "Aria"}, nil
}

// hasEngine reports whether the server has a storage engine.
func hasEngine(db *sql.DB, name string) (bool, error) {
	var count int
	err := db.QueryRow("SELECT COUNT(*) FROM information_schema.engines WHERE engine = ? AND support IN ('YES', 'DEFAULT')", name).Scan(&count)
	if err != nil {
		return false, fmt.Errorf("ask for storage engine %s: %w", name, err)
	}
	return count > 0, nil
}

// numbers is what to select the numbers from 1 to n from, as column seq: a table
// of MariaDB's own in a database, or else one written out.
func numbers(db *sql.DB, database string, n int) (string, error) {
	sequence, err := hasEngine(db, "SEQUENCE")
	if err != nil || sequence {
		return fmt.Sprintf("%s.seq_1_to_%d", database, n), err
	}
	rows := make([]string, n)
	for i := range rows {
		rows[i] = fmt.Sprintf("SELECT %d AS seq", i+1)
	}
	return "(" + strings.Join(rows, " UNION ALL ") + ") AS numbers", nil
}

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
	kinds, err := engines(db)
	if err != nil {
		return err
	}
	from, err := numbers(db, "fill", rows)
	if err != nil {
		return err
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
		) ENGINE=` + kinds[i%len(kinds)])
		if err != nil {
			return fmt.Errorf("create table %s: %w", name, err)
		}
		// Hashes make the payload one that hardly compresses.
		_, err = db.Exec(`INSERT INTO ` + name + ` (name, amount, noted_at, payload, remark)
			SELECT CONCAT('Größe ', seq), seq * 1.25, TIMESTAMP('2024-02-29') + INTERVAL seq SECOND,
				CONCAT(UNHEX(SHA2(seq, 512)), UNHEX(SHA2(-seq, 512))), IF(seq % 7 = 0, NULL, SHA2(seq, 224))
			FROM ` + from)
		if err != nil {
			return fmt.Errorf("insert into %s: %w", name, err)
		}
	}
	return nil
}
