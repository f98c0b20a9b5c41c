package mariadbtest

import (
	"database/sql"
	"fmt"
	"testing"
)

// Fingerprint returns, for every table that is not the server's own, its row
// count and the checksum of all its rows, under the key "database.table".
// Equal maps mean equal rows.
func Fingerprint(t testing.TB, db *sql.DB) map[string]string {
	t.Helper()
	prints, err := fingerprint(db)
	if err != nil {
		t.Fatalf("take fingerprint: %v", err)
	}
	return prints
}

func fingerprint(db *sql.DB) (map[string]string, error) {
	tables, err := listTables(db, userTables)
	if err != nil {
		return nil, err
	}
	prints := make(map[string]string, len(tables))
	for _, table := range tables {
		var rows int64
		if err := db.QueryRow("SELECT COUNT(*) FROM " + table.quoted()).Scan(&rows); err != nil {
			return nil, fmt.Errorf("count rows of %s: %w", table, err)
		}
		var name string
		// NULL is the server's way of saying that it could not read the table.
		var checksum sql.NullInt64
		if err := db.QueryRow("CHECKSUM TABLE "+table.quoted()+" EXTENDED").Scan(&name, &checksum); err != nil {
			return nil, fmt.Errorf("take checksum of %s: %w", table, err)
		}
		if !checksum.Valid {
			return nil, fmt.Errorf("take checksum of %s: the server cannot read it", table)
		}
		prints[table.String()] = fmt.Sprintf("%d rows, checksum %d", rows, checksum.Int64)
	}
	return prints, nil
}
