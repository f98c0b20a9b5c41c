package mariadbtest

import (
	"database/sql"
	"fmt"
	"strings"
)

// Conditions on information_schema.tables for listTables.
const (
	allTables  = "table_schema NOT IN ('information_schema', 'performance_schema', 'sys')"
	userTables = allTables + " AND table_schema <> 'mysql'"
)

// table is the name of one table.
type table struct {
	schema, name string
}

func (t table) String() string { return t.schema + "." + t.name }

func (t table) quoted() string { return quoteName(t.schema) + "." + quoteName(t.name) }

func quoteName(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// listTables returns the tables that hold rows, views being left out.
func listTables(db *sql.DB, condition string) ([]table, error) {
	rows, err := db.Query("SELECT table_schema, table_name FROM information_schema.tables WHERE " + condition +
		" AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') ORDER BY 1, 2")
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	defer rows.Close()
	var tables []table
	for rows.Next() {
		var t table
		if err := rows.Scan(&t.schema, &t.name); err != nil {
			return nil, fmt.Errorf("list tables: %w", err)
		}
		tables = append(tables, t)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	return tables, nil
}
