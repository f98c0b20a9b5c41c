package steps

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/go-sql-driver/mysql"
)

// lsnStatus are the status variables that hold the current log sequence
// number, of MariaDB and Percona Server, and of MySQL from 8.0.30 on.
var lsnStatus = []string{"Innodb_lsn_current", "Innodb_redo_log_current_lsn"}

// statusLSN is where SHOW ENGINE INNODB STATUS has it.
var statusLSN = regexp.MustCompile(`(?m)^Log sequence number\s+(\d+)\s*$`)

// lsn returns the current log sequence number, 0 if the server does not tell.
func (s *server) lsn(ctx context.Context) (uint64, error) {
	text := ""
	for _, name := range lsnStatus {
		if value, err := s.show(ctx, `SHOW GLOBAL STATUS LIKE '`+name+`'`); err == nil && value != "" {
			text = value
			break
		}
	}
	if text == "" {
		// Needs a privilege that the check of the grants may find missing.
		var kind, name, status string
		if err := s.db.QueryRowContext(ctx, `SHOW ENGINE INNODB STATUS`).Scan(&kind, &name, &status); err == nil {
			if match := statusLSN.FindStringSubmatch(status); match != nil {
				text = match[1]
			}
		}
	}
	if text == "" {
		return 0, nil
	}
	lsn, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("ask the server for its log sequence number: %q is no number", text)
	}
	return lsn, nil
}

// The numbers of MySQL's errors for a table that this server does not have.
// https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html
const (
	errUnknownTable = 1109
	errNoSuchTable  = 1146
)

// keyringComponents is the version from which on keyrings are components. The
// older ones have no table of them, and some say that we may not read it.
var keyringComponents = []int{8, 0, 24}

// encryption lists what would make a MySQL server's backup need its keyring:
// one that is in use, or tablespaces that are encrypted.
func (s *server) encryption(ctx context.Context, version string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, serverTimeout)
	defer cancel()
	var found []string
	plugins, err := s.column(ctx, `SELECT PLUGIN_NAME FROM information_schema.PLUGINS WHERE PLUGIN_TYPE = 'KEYRING' AND PLUGIN_STATUS = 'ACTIVE'`)
	if err != nil {
		return nil, fmt.Errorf("ask the server for its keyring: %w", err)
	}
	for _, name := range plugins {
		found = append(found, "plugin "+name)
	}
	var components []string
	if atLeast(version, keyringComponents...) {
		components, err = s.column(ctx, `SELECT STATUS_VALUE FROM performance_schema.keyring_component_status WHERE STATUS_KEY = 'Implementation_name' AND 'Active' IN
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
	if atLeast(version, 8, 0) {
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
func (s *server) column(ctx context.Context, query string) ([]string, error) {
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

// keyringOptions are the tool's options by which it finds a server's keyring.
// https://docs.percona.com/percona-xtrabackup/8.4/encrypted-innodb-tablespace-backups.html
var keyringOptions = []string{"component-keyring-config", "component-keyring-file-config", "keyring-file-data", "keyring-vault-config", "generate-transition-key"}

// checkEncryption refuses what the tool would back up and then not prepare.
func (h *Host) checkEncryption(whose string, found []string) error {
	if len(found) == 0 {
		return nil
	}
	for _, arg := range h.BackupArgs {
		for _, name := range keyringOptions {
			if optionName(arg) == name {
				return nil
			}
		}
	}
	return fmt.Errorf("%s encryption (%s), and without its keyring XtraBackup cannot prepare such a backup: name the keyring in backup_args, by --component-keyring-config=FILE for a component, --keyring-file-data=FILE or --keyring-vault-config=FILE for a plugin",
		whose, strings.Join(found, ", "))
}

// checkKeyring refuses a MySQL server whose backups could not be prepared, and
// notes in info what makes them need a keyring.
func (h *Host) checkKeyring(ctx context.Context, s *server, info *ServerInfo) (err error) {
	if info.Flavour != MySQL {
		return nil
	}
	if info.Encryption, err = s.encryption(ctx, info.Version); err != nil {
		return err
	}
	return h.checkEncryption("the server uses", info.Encryption)
}
