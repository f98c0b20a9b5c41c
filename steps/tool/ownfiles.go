package tool

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"dbcalm-db-cmd/steps/disk"
)

// ownFiles are all the files that a tool writes into a backup for itself, at the
// top of it. A database may have any name that only begins like one of these.
// https://mariadb.com/kb/en/files-created-by-mariabackup/
// https://docs.percona.com/percona-xtrabackup/8.4/xtrabackup-files.html
var ownFiles = slices.Concat(CheckpointsNames, InfoNames, OptionsNames, []string{
	"xtrabackup_binlog_info", "xtrabackup_slave_info", "xtrabackup_galera_info", "xtrabackup_binlog_pos_innodb",
	"mariadb_backup_binlog_info", "mariadb_backup_slave_info", "mariadb_backup_galera_info", "mariadb_backup_binlog_pos_innodb",
	redoLogName, "xtrabackup_tablespaces", "xtrabackup_keys", "xtrabackup_master_key_id", "backup_metadata.json",
})

// redoLogName is XtraBackup's copy of the redo log.
const redoLogName = "xtrabackup_logfile"

// IsMetadata reports whether a file, by its path in a backup, is one in which the
// tool tells of the backup.
func IsMetadata(path string) bool { return path != redoLogName && slices.Contains(ownFiles, path) }

// StripMetadata removes the tool's own files, which do not belong into a data
// directory, but for some. A database that is called like one is left.
func StripMetadata(folder string, but ...string) error {
	entries, err := disk.ReadDir(folder)
	if err != nil {
		return fmt.Errorf("strip metadata: %w", err)
	}
	for _, e := range entries {
		if name := e.Name(); e.Type().IsRegular() && slices.Contains(ownFiles, name) && !slices.Contains(but, name) {
			if err := disk.Remove(folder, name); err != nil {
				return fmt.Errorf("strip metadata: %w", err)
			}
		}
	}
	return nil
}

// CheckNames refuses a data directory with a database that the tool cannot copy:
// where its folder belongs in the backup, there is a file of the tool's.
func CheckNames(dataDir string) error {
	entries, err := disk.ReadDir(dataDir)
	if err != nil {
		return fmt.Errorf("look for names the tool uses itself: %w", err)
	}
	var taken []string
	for _, e := range entries {
		// A folder may stand on another disk, with a link in its place.
		if e.Type()&(fs.ModeDir|fs.ModeSymlink) != 0 && slices.Contains(ownFiles, e.Name()) {
			taken = append(taken, e.Name())
		}
	}
	if len(taken) == 0 {
		return nil
	}
	return fmt.Errorf("the tool writes a file of its own called %s into each backup, and so cannot copy a database of that name: "+
		"make another database, move the tables there by RENAME TABLE, and drop this one", strings.Join(taken, ", "))
}
