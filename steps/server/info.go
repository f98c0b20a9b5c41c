package server

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Info is what a server says of itself.
type Info struct {
	// Flavour is MariaDB or MySQL.
	Flavour string `json:"flavour"`
	// Version is the server's full version text.
	Version string `json:"version"`
	// UID tells this server's installation from all others; empty if the
	// server has none.
	UID     string `json:"uid,omitempty"`
	DataDir string `json:"data_dir"`
	// DataBirth is when its data directory was created; the zero time where
	// nothing tells.
	DataBirth time.Time `json:"data_birth,omitzero"`
	Binlog    bool      `json:"binlog"`
	// LowerCaseTables is the variable lower_case_table_names, which must be the
	// same wherever the data is used.
	LowerCaseTables int `json:"lower_case_table_names,omitempty"`
	// Elsewhere lists the options by which it keeps files of its data outside
	// its data directory, as "name=value".
	Elsewhere []string `json:"elsewhere,omitempty"`
	// Outside are its tables whose files lie outside, where that has been asked.
	Outside []OutsideTable `json:"outside,omitempty"`
	// RedoArchive are the folders in which it archives its redo log while a
	// backup runs, as "label:folder;…"; empty for none.
	RedoArchive string `json:"redo_archive,omitempty"`
	// Encryption lists what makes its backups need its keyring.
	Encryption []string `json:"encryption,omitempty"`
	// LSN is the current log sequence number; 0 if the server did not tell.
	LSN uint64 `json:"lsn,omitempty"`
}

// Info asks the server about itself.
func (s *Conn) Info(ctx context.Context) (Info, error) {
	ctx, cancel := context.WithTimeout(ctx, ServerTimeout)
	defer cancel()
	var info Info
	var comment string
	if err := s.db.QueryRowContext(ctx, `SELECT @@version, @@version_comment, @@datadir, @@log_bin, @@lower_case_table_names`).
		Scan(&info.Version, &comment, &info.DataDir, &info.Binlog, &info.LowerCaseTables); err != nil {
		return info, fmt.Errorf("ask the server for its version: %w", err)
	}
	info.DataBirth = dataBirth(info.DataDir)
	info.Flavour = MySQL
	if strings.Contains(strings.ToLower(info.Version+comment), MariaDB) {
		info.Flavour = MariaDB
	}
	for _, variable := range []string{"server_uuid", "server_uid"} {
		if value, err := s.show(ctx, `SHOW GLOBAL VARIABLES LIKE '`+variable+`'`); err == nil && value != "" {
			info.UID = value
			break
		}
	}
	values, err := s.layoutVariables(ctx)
	if err != nil {
		return info, err
	}
	info.Elsewhere = elsewhere(info.DataDir, values)
	if info.Flavour == MySQL {
		// Older ones have no such variable.
		info.RedoArchive, _ = s.show(ctx, `SHOW GLOBAL VARIABLES LIKE 'innodb_redo_log_archive_dirs'`)
	}
	if info.LSN, err = s.lsn(ctx); err != nil {
		return info, err
	}
	return info, nil
}

// show returns the value of a SHOW … LIKE of one name, empty for none.
func (s *Conn) show(ctx context.Context, query string) (string, error) {
	var name, value string
	err := s.db.QueryRowContext(ctx, query).Scan(&name, &value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return value, err
}
