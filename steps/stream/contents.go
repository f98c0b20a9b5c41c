package stream

import (
	"path"
	"slices"
	"strings"
)

// Contents is what a walked stream held.
type Contents struct {
	// Files are all files, in the order of their end.
	Files []File
	// Small holds, by path, the whole content of the tool's metadata files and
	// of the marks (*.ren) that rename a table. One of more than 64 KiB is left
	// out.
	Small map[string]string
}

// File is one file of a stream.
type File struct {
	// Path is the name in the stream, relative to the backup's folder.
	Path string `json:"path"`
	// Size is the length of the unpacked file, holes included, in bytes.
	Size int64 `json:"size"`
}

// The bounds of what is kept of a stream's content.
const (
	maxSmall      = 64 << 10
	maxSmallTotal = 16 << 20
)

// lastNames are the files one of which ends every stream.
var lastNames = []string{"xtrabackup_info", "mariadb_backup_info"}

// afterLast may follow them: XtraBackup 8 writes its list of tablespaces, and
// its keys where it has any, at the very end; what is to come, a summary.
var afterLast = []string{tablespacesName, "xtrabackup_keys", "backup_metadata.json"}

const tablespacesName = "xtrabackup_tablespaces"

// smallNames are the metadata files whose content is kept: MariaDB 11.1 renamed
// them.
var smallNames = []string{"backup-my.cnf",
	"xtrabackup_checkpoints", "xtrabackup_info", "xtrabackup_binlog_info", "xtrabackup_slave_info", "xtrabackup_galera_info",
	"mariadb_backup_checkpoints", "mariadb_backup_info", "mariadb_backup_binlog_info", "mariadb_backup_slave_info",
	"mariadb_backup_galera_info"}

// isSmall reports whether the content of a file is kept. In the name of a table's
// file a dot is written in another way, so that none ends like a mark.
func isSmall(name string) bool {
	name = path.Clean(name)
	return slices.Contains(smallNames, name) || path.Ext(name) == ".ren"
}

// listsTablespaces tells from xtrabackup_info whether the tool is one that
// ends its streams with the list of tablespaces: XtraBackup since 8.0.
func listsTablespaces(info string) bool {
	for line := range strings.Lines(info) {
		key, value, _ := strings.Cut(line, "=")
		if strings.TrimSpace(key) != "tool_version" {
			continue
		}
		major, _, _ := strings.Cut(strings.TrimSpace(value), ".")
		return !strings.Contains(value, "MariaDB") && !slices.Contains([]string{"", "1", "2"}, major)
	}
	return false
}
