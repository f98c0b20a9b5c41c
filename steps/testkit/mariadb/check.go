package mariadbtest

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

// CheckTables runs CHECK TABLE … EXTENDED on every table, the server's own
// included, and returns every complaint: any error, and any table whose last
// word is not that it is OK.
func CheckTables(db *sql.DB) error {
	tables, err := listTables(db, allTables)
	if err != nil {
		return err
	}
	var complaints []error
	for _, table := range tables {
		if err := checkTable(db, table); err != nil {
			complaints = append(complaints, fmt.Errorf("check table %s: %w", table, err))
		}
	}
	return errors.Join(complaints...)
}

func checkTable(db *sql.DB, table table) error {
	rows, err := db.Query("CHECK TABLE " + table.quoted() + " EXTENDED")
	if err != nil {
		return err
	}
	defer rows.Close()
	var complaints []error
	var kind, text string
	for rows.Next() {
		var name, operation string
		if err := rows.Scan(&name, &operation, &kind, &text); err != nil {
			return err
		}
		if strings.EqualFold(kind, "error") {
			complaints = append(complaints, errors.New(text))
		}
	}
	if kind != "status" || text != "OK" {
		complaints = append(complaints, fmt.Errorf("ended with %s: %s", kind, text))
	}
	return errors.Join(append(complaints, rows.Err())...)
}
