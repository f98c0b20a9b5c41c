package server

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/go-sql-driver/mysql"
)

// The numbers of MySQL's errors for a table that this server does not have.
// https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html
const (
	errUnknownTable = 1109
	errNoSuchTable  = 1146
)

// keyringComponents is the version from which on keyrings are components. The
// older ones have no table of them, and some say that we may not read it.
var keyringComponents = []int{8, 0, 24}

// Encryption lists what would make a MySQL server's backup need its keyring:
// one that is in use, or tablespaces that are encrypted.
func (s *Conn) Encryption(ctx context.Context, version string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, ServerTimeout)
	defer cancel()
	var found []string
	plugins, err := s.column(ctx, `SELECT PLUGIN_NAME FROM information_schema.PLUGINS
		WHERE PLUGIN_TYPE = 'KEYRING' AND PLUGIN_STATUS = 'ACTIVE'`)
	if err != nil {
		return nil, fmt.Errorf("ask the server for its keyring: %w", err)
	}
	for _, name := range plugins {
		found = append(found, "plugin "+name)
	}
	var components []string
	if AtLeast(version, keyringComponents...) {
		components, err = s.column(ctx, `SELECT STATUS_VALUE FROM performance_schema.keyring_component_status
			WHERE STATUS_KEY = 'Implementation_name' AND 'Active' IN
			(SELECT STATUS_VALUE FROM performance_schema.keyring_component_status WHERE STATUS_KEY = 'Component_status')`)
	}
	if err != nil {
		return nil, fmt.Errorf("ask the server for its keyring: %w", err)
	}
	for _, name := range components {
		found = append(found, "component "+name)
	}
	// Bit 13 of a tablespace's flags in 5.7, which has no column for it.
	query := `SELECT COUNT(*) FROM information_schema.INNODB_SYS_TABLESPACES WHERE FLAG & 8192`
	if AtLeast(version, 8, 0) {
		query = `SELECT COUNT(*) FROM information_schema.INNODB_TABLESPACES WHERE ENCRYPTION = 'Y'`
	}
	counts, err := s.column(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("ask the server for encrypted tablespaces: %w", err)
	}
	if len(counts) == 1 && counts[0] != "0" {
		found = append(found, counts[0]+" encrypted tablespaces")
	}
	return found, nil
}

// column returns the one column of a query's rows; none where the server has
// no such table, as older ones do not.
func (s *Conn) column(ctx context.Context, query string) ([]string, error) {
	rows, err := s.db.QueryContext(ctx, query)
	var refused *mysql.MySQLError
	if errors.As(err, &refused) && (refused.Number == errUnknownTable || refused.Number == errNoSuchTable) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var values []string
	for rows.Next() {
		var value sql.NullString
		if err := rows.Scan(&value); err != nil {
			return nil, err
		}
		values = append(values, value.String)
	}
	return values, rows.Err()
}
