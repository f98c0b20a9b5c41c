package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
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
	case !isBinlogName(p.File):
		return fmt.Errorf("the binary log's file %.80q is no name of one", p.File)
	case len(p.GTID) > maxGTID || !gtidSet.MatchString(p.GTID):
		return fmt.Errorf("the binary log's GTID %.80q is none", p.GTID)
	case p.Offset == 0:
		return errors.New("the binary log's position is 0")
	}
	return nil
}

func isBinlogName(name string) bool {
	return len(name) <= maxBinlogName && binlogName.MatchString(name)
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
	Server string `json:"server"`
	// On: it keeps one.
	On bool `json:"on"`
	// Folder is where its files lie, Index the file that lists them.
	Folder string `json:"folder"`
	Index  string `json:"index"`
	// Encrypted: only the server can read what it writes into it now.
	Encrypted bool   `json:"encrypted,omitempty"`
	Flavour   string `json:"flavour"`
	// Partial: the server is a replica, and what it gets from its source is not in its
	// log.
	Partial bool `json:"partial,omitempty"`
	// Keeps is after how long it deletes what it wrote, KeepsBytes from how many
	// bytes on; 0 for never. It does so when it begins a file, of FileBytes.
	Keeps      time.Duration `json:"keeps,omitempty"`
	KeepsBytes uint64        `json:"keeps_bytes,omitempty"`
	FileBytes  uint64        `json:"file_bytes,omitempty"`
	// GTIDMode is MySQL's variable gtid_mode: only ON gives every transaction a GTID.
	GTIDMode string `json:"gtid_mode,omitempty"`
}

// ShortLived says that the server deletes its log so soon that a daemon which is
// stopped for a while misses some of it; empty if it does not.
func (b BinaryLog) ShortLived() string {
	switch {
	case b.Keeps > 0 && b.Keeps < leastKept:
		return fmt.Sprintf("the server deletes its binary log after %s: a daemon that is stopped for longer leaves a gap in the archive; "+
			"set binlog_expire_logs_seconds to a day or more", b.Keeps)
	case b.KeepsBytes > 0 && b.KeepsBytes < 2*b.FileBytes:
		return fmt.Sprintf("the server deletes its binary log from %d bytes on, and begins a file every %d: hardly more than the one "+
			"under way is kept, and a daemon that is stopped leaves a gap in the archive; set max_binlog_total_size to many times "+
			"max_binlog_size", b.KeepsBytes, b.FileBytes)
	}
	return ""
}

// leastKept is how long a daemon may well be stopped.
const leastKept = time.Hour

// Unfit says why the log cannot be archived, and what to do; empty if it can.
func (b BinaryLog) Unfit() string {
	switch {
	case !b.On:
		return "the server keeps no binary log: set log_bin in its my.cnf and start it again, or set archive: false"
	case b.Flavour == MySQL && b.GTIDMode != "ON":
		return fmt.Sprintf("the server's gtid_mode is %s, and only with ON has every transaction a GTID: set gtid_mode=ON and "+
			"enforce_gtid_consistency=ON (before MySQL 5.7 also log_slave_updates) in its my.cnf and start it again, then take a full backup; "+
			"or set archive: false", cmp.Or(b.GTIDMode, "not known"))
	case b.Partial:
		return "the server is a replica, and does not log what it gets from its source: set log_slave_updates=ON in its my.cnf and start it " +
			"again, then take a full backup; or set archive: false, and archive the log of its source"
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
	var b BinaryLog
	var version string
	if err := conn.db.QueryRowContext(ctx, `SELECT @@version, @@log_bin`).Scan(&version, &b.On); err != nil {
		return b, fmt.Errorf("ask the server for its binary log: %w", err)
	}
	b.Flavour = FlavourOf(version)
	var base, encrypted, updates, seconds, days, purges, total, file string
	encryption, identity := "encrypt_binlog", "server_uid"
	if b.Flavour == MySQL {
		encryption, identity = "binlog_encryption", "server_uuid"
	}
	variables := map[string]*string{
		"log_bin_basename": &base, "log_bin_index": &b.Index, encryption: &encrypted, identity: &b.Server,
		"log_slave_updates": &updates, "binlog_expire_logs_seconds": &seconds, "expire_logs_days": &days,
		"max_binlog_total_size": &total, "max_binlog_size": &file,
	}
	if b.Flavour == MySQL {
		variables["gtid_mode"], variables["binlog_expire_logs_auto_purge"] = &b.GTIDMode, &purges
	}
	for name, value := range variables {
		if *value, err = conn.show(ctx, `SHOW GLOBAL VARIABLES LIKE '`+name+`'`); err != nil {
			return b, fmt.Errorf("ask the server for its binary log: %w", err)
		}
	}
	b.Folder, b.Encrypted = filepath.Dir(base), encrypted == "ON"
	if b.On && !filepath.IsAbs(b.Index) {
		b.Index = filepath.Join(srv.DataDir, b.Index)
	}
	if updates == "OFF" {
		if b.Partial, err = conn.isReplica(ctx, b.Flavour, version); err != nil {
			return b, fmt.Errorf("ask the server whether it is a replica: %w", err)
		}
	}
	if purges == "OFF" {
		seconds, days = "", ""
	}
	b.Keeps, b.KeepsBytes, b.FileBytes = kept(seconds, days), number(total), number(file)
	return b, nil
}

// isReplica reports whether the server is the replica of another.
func (s *Conn) isReplica(ctx context.Context, flavour, version string) (bool, error) {
	if flavour == MariaDB {
		running, err := s.show(ctx, `SHOW GLOBAL STATUS LIKE 'Slaves_running'`)
		return number(running) > 0, err
	}
	query := `SHOW SLAVE STATUS`
	if AtLeast(version, 8, 0, 22) {
		query = `SHOW REPLICA STATUS`
	}
	rows, err := s.db.QueryContext(ctx, query)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	return rows.Next(), rows.Err()
}

// kept is for how long a log is kept by the variables for that: the seconds are not
// known before MariaDB 10.6.
// https://mariadb.com/kb/en/replication-and-binary-log-system-variables/#binlog_expire_logs_seconds
func kept(seconds, days string) time.Duration {
	if n, err := strconv.ParseInt(seconds, 10, 32); err == nil {
		return time.Duration(n) * time.Second
	}
	n, err := strconv.ParseFloat(days, 64)
	if err != nil {
		return 0
	}
	return time.Duration(n * float64(24*time.Hour)).Round(time.Second)
}

// number is that of a variable; 0 for one that the server does not have.
func number(text string) uint64 {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// LogFile is a file of a binary log, and how large the server says that it is as the
// server sends it: without what it begins with on the disk if a MySQL encrypts it.
type LogFile struct {
	Name string
	Size int64
}

// encryptionHeader is the length of that.
// https://dev.mysql.com/doc/dev/mysql-server/latest/classRpl__encryption__header.html
const encryptionHeader = 512

// BinaryLogFiles asks the server for the files of its log, oldest first.
func (srv *Server) BinaryLogFiles(ctx context.Context) ([]LogFile, error) {
	conn, err := srv.Connect(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(ctx, ServerTimeout)
	defer cancel()
	rows, err := conn.db.QueryContext(ctx, `SHOW BINARY LOGS`)
	if err != nil {
		return nil, fmt.Errorf("ask the server for the files of its binary log: %w", err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, fmt.Errorf("ask the server for the files of its binary log: %w", err)
	}
	var list []LogFile
	for rows.Next() {
		var f LogFile
		var encrypted string
		// A MariaDB, and a MySQL before 8.0.14, does not say the last.
		if err := rows.Scan([]any{&f.Name, &f.Size, &encrypted}[:min(len(columns), 3)]...); err != nil {
			return nil, fmt.Errorf("ask the server for the files of its binary log: %w", err)
		}
		if encrypted == "Yes" {
			f.Size -= encryptionHeader
		}
		// Programs are given these names.
		if !isBinlogName(f.Name) || strings.HasPrefix(f.Name, "-") || strings.HasPrefix(f.Name, ".") {
			return nil, fmt.Errorf("ask the server for the files of its binary log: %.80q is no name of one", f.Name)
		}
		list = append(list, f)
	}
	return list, rows.Err()
}
