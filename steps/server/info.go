package server

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
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
	// LogArchive tells that MariaDB keeps its redo log for ever, from 13.0 on.
	LogArchive bool `json:"log_archive,omitempty"`
	// BinlogEngine is the storage engine that writes the binary log, from MariaDB
	// 12.3 on; empty for none.
	BinlogEngine string `json:"binlog_engine,omitempty"`
	// BinlogFolder is where the files of its binary log lie, if that is outside its
	// data directory.
	BinlogFolder string `json:"binlog_folder,omitempty"`
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
	info.Flavour = FlavourOf(info.Version + comment)
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
	s.askLogs(ctx, &info)
	if info.LSN, err = s.lsn(ctx); err != nil {
		return info, err
	}
	return info, nil
}

// askLogs asks for what newer servers do with their logs: older ones have no such
// variables. Percona Server 5.6 has another innodb_log_archive, which does no harm.
func (s *Conn) askLogs(ctx context.Context, info *Info) {
	base, _ := s.show(ctx, `SHOW GLOBAL VARIABLES LIKE 'log_bin_basename'`)
	if folder := filepath.Dir(base); info.Binlog && base != "" && !within(info.DataDir, folder) && outside(info.DataDir, folder, ".") {
		info.BinlogFolder = folder
	}
	if info.Flavour == MySQL {
		info.RedoArchive, _ = s.show(ctx, `SHOW GLOBAL VARIABLES LIKE 'innodb_redo_log_archive_dirs'`)
		return
	}
	archive, _ := s.show(ctx, `SHOW GLOBAL VARIABLES LIKE 'innodb_log_archive'`)
	info.LogArchive = archive == "ON"
	info.BinlogEngine, _ = s.show(ctx, `SHOW GLOBAL VARIABLES LIKE 'binlog_storage_engine'`)
}

// BinlogNote tells what a binary log that a storage engine writes means for a
// backup, after a word of the caller's; empty for an ordinary one.
// https://mariadb.com/docs/server/server-management/server-monitoring-logs/binary-log/innodb-based-binary-log
func (i Info) BinlogNote(after string) string {
	if i.BinlogEngine == "" || !i.Binlog {
		return ""
	}
	return after + "its binary log is written by " + i.BinlogEngine + " (.ibb files): it is backed up and comes back with the tables, " +
		"and a replica begins by GTID, not by file and position"
}

// BinlogStays tells, after a word of the caller's, what a restore into the data
// directory leaves where it is: a binary log outside, from which the server counts
// as done what came after the backup; empty where it lies inside, or there is none.
func (i Info) BinlogStays(after string) string {
	if i.BinlogFolder == "" {
		return ""
	}
	return after + "the server's binary log in " + i.BinlogFolder + " stays as it is, and has what came after the backup: " +
		"move its files away before the server is started, or it takes that for done"
}

// TracksPages reports whether a MySQL can tell which pages have changed since a
// backup: by a component that is installed for that.
func (s *Conn) TracksPages(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, ServerTimeout)
	defer cancel()
	version, err := s.show(ctx, `SHOW GLOBAL STATUS LIKE 'mysqlbackup.component_version'`)
	return err == nil && version != ""
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
