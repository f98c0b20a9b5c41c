package server

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
)

// lsnStatus are the status variables that hold the current log sequence
// number, of MariaDB and Percona Server, and of MySQL from 8.0.30 on.
var lsnStatus = []string{"Innodb_lsn_current", "Innodb_redo_log_current_lsn"}

// statusLSN is where SHOW ENGINE INNODB STATUS has it.
var statusLSN = regexp.MustCompile(`(?m)^Log sequence number\s+(\d+)\s*$`)

// lsn returns the current log sequence number, 0 if the server does not tell.
func (s *Conn) lsn(ctx context.Context) (uint64, error) {
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
