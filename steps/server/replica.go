package server

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
)

// Position is where a server's binary log was at one moment.
type Position struct {
	File   string `json:"file"`
	Offset uint64 `json:"position"`
	// GTID is MariaDB's position or MySQL's set of all that had been done; empty
	// where the server counts none.
	GTID string `json:"gtid,omitempty"`
}

var (
	// binlogName leaves out what ends a text of SQL, and folders.
	binlogName = regexp.MustCompile(`^[^'"\\/\x00-\x1f\x7f]+$`)
	// gtidSet is as long as a set of a thousand servers.
	gtidSet = regexp.MustCompile(`^[0-9A-Za-z_:,-]*$`)
)

const (
	// maxBinlogName is not in the pattern: counting there costs every program that
	// starts some milliseconds.
	maxBinlogName = 512
	maxGTID       = 64 << 10
)

// Check refuses what no server writes: people paste it into SQL.
func (p Position) Check() error {
	switch {
	case len(p.File) > maxBinlogName || !binlogName.MatchString(p.File):
		return fmt.Errorf("the binary log's file %.80q is no name of one", p.File)
	case len(p.GTID) > maxGTID || !gtidSet.MatchString(p.GTID):
		return fmt.Errorf("the binary log's GTID %.80q is none", p.GTID)
	case p.Offset == 0:
		return errors.New("the binary log's position is 0")
	}
	return nil
}

func (p Position) String() string {
	text := fmt.Sprintf("%s at %d", p.File, p.Offset)
	if p.GTID != "" {
		text += ", GTID " + p.GTID
	}
	return text
}

// Replicate returns the statements that make a replica of a server on which a
// backup of this position was restored. What is in capitals between quotes is to
// be filled in. The server may be of the given version or a later one of its
// series.
func (p Position) Replicate(flavour, version string) []string {
	source := flavour == MySQL && AtLeast(version, 8, 0, 23)
	word, statement, start := "MASTER", "CHANGE MASTER TO", "START SLAVE"
	if source {
		word, statement, start = "SOURCE", "CHANGE REPLICATION SOURCE TO", "START REPLICA"
	}
	change := fmt.Sprintf("%s %s_HOST = 'PRIMARY', %[2]s_PORT = 3306, %[2]s_USER = 'USER', %[2]s_PASSWORD = 'PASSWORD', ", statement, word)
	file := fmt.Sprintf("%[1]s_LOG_FILE = '%[2]s', %[1]s_LOG_POS = %[3]d", word, p.File, p.Offset)
	switch {
	case flavour == MariaDB && p.GTID != "":
		return []string{fmt.Sprintf("SET GLOBAL gtid_slave_pos = '%s';", p.GTID), change + "MASTER_USE_GTID = slave_pos;", start + ";"}
	case flavour == MariaDB:
		return []string{change + file + ", MASTER_USE_GTID = no;", start + ";"}
	case p.GTID == "":
		return []string{change + file + ";", start + ";"}
	}
	// What was restored with the tables is no more than the set says.
	reset := "RESET MASTER;"
	if AtLeast(version, 8, 2) {
		reset = "RESET BINARY LOGS AND GTIDS;"
	}
	return []string{reset, fmt.Sprintf("SET GLOBAL gtid_purged = '%s';", p.GTID), change + word + "_AUTO_POSITION = 1;", start + ";"}
}

// BinaryLog is what a server says of its binary log.
type BinaryLog struct {
	// Server tells this server's installation from others.
	Server string
	// On: it keeps one.
	On bool
	// Folder is where its files lie, Index the file that lists them.
	Folder, Index string
	Encrypted     bool
	Flavour       string
}

// Unfit says why the log cannot be archived, and what to do; empty if it can.
func (b BinaryLog) Unfit() string {
	switch {
	case b.Flavour != MariaDB:
		return "only MariaDB's binary log can be archived, and this is a server of MySQL: set archive: false"
	case !b.On:
		return "the server keeps no binary log: set log_bin in its my.cnf and start it again, or set archive: false"
	case b.Encrypted:
		return "the server encrypts its binary log, which only it can read then: set encrypt_binlog=OFF in its my.cnf and start it again, " +
			"or set archive: false"
	}
	return ""
}

// BinaryLog asks the server for its binary log.
func (srv *Server) BinaryLog(ctx context.Context) (BinaryLog, error) {
	conn, err := srv.Connect(ctx)
	if err != nil {
		return BinaryLog{}, err
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(ctx, ServerTimeout)
	defer cancel()
	b := BinaryLog{Flavour: MySQL}
	var version string
	if err := conn.db.QueryRowContext(ctx, `SELECT @@version, @@log_bin`).Scan(&version, &b.On); err != nil {
		return b, fmt.Errorf("ask the server for its binary log: %w", err)
	}
	if strings.Contains(strings.ToLower(version), MariaDB) {
		b.Flavour = MariaDB
	}
	var base, encrypted string
	for name, value := range map[string]*string{
		"log_bin_basename": &base, "log_bin_index": &b.Index, "encrypt_binlog": &encrypted, "server_uid": &b.Server,
	} {
		if *value, err = conn.show(ctx, `SHOW GLOBAL VARIABLES LIKE '`+name+`'`); err != nil {
			return b, fmt.Errorf("ask the server for its binary log: %w", err)
		}
	}
	b.Folder, b.Encrypted = filepath.Dir(base), encrypted == "ON"
	if b.On && !filepath.IsAbs(b.Index) {
		b.Index = filepath.Join(srv.DataDir, b.Index)
	}
	return b, nil
}
