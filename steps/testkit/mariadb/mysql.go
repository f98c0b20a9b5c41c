package mariadbtest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// MySQL makes the server a real MySQL or Percona Server, of this mysqld, 5.6 or
// later.
func MySQL(mysqld string) Option {
	return func(o *options) { o.mysqld = mysqld }
}

var mysqldVersion = regexp.MustCompile(`Ver (\d+)\.(\d+)\.(\d+)\S*`)

// MySQLVersion asks a mysqld for its version. It is an error if it is a
// MariaDB, which Debian installs under that name.
func MySQLVersion(mysqld string) (string, error) {
	out, err := exec.Command(mysqld, "--no-defaults", "--version").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("ask %s for its version: %w: %s", mysqld, err, out)
	}
	match := mysqldVersion.FindSubmatch(out)
	if match == nil || bytes.Contains(out, []byte("MariaDB")) {
		return "", fmt.Errorf("%s is no MySQL: %s", mysqld, bytes.TrimSpace(out))
	}
	return strings.TrimPrefix(string(match[0]), "Ver "), nil
}

// mysqlAge compares with a version, as in 8.0: negative if it is older.
func (s *Server) mysqlAge(major, minor int) int {
	match := mysqldVersion.FindStringSubmatch("Ver " + s.version)
	a, _ := strconv.Atoi(match[1])
	b, _ := strconv.Atoi(match[2])
	return (a-major)*100 + b - minor
}

// shareFolder is where a mysqld has its messages and, in 5.6, the statements
// that make the system tables; empty for where it was built to look.
func shareFolder(mysqld string) string {
	if real, err := filepath.EvalSymlinks(mysqld); err == nil {
		mysqld = real
	}
	dir := filepath.Dir(mysqld)
	for _, folder := range []string{
		filepath.Join(dir, "share"), filepath.Join(dir, "../share"), filepath.Join(dir, "../share/mysql"), "/usr/share/mysql",
	} {
		if info, err := os.Stat(filepath.Join(folder, "english/errmsg.sys")); err == nil && info.Mode().IsRegular() {
			return folder
		}
	}
	return ""
}

// mysqlArgs are commonArgs of a MySQL.
func (s *Server) mysqlArgs() []string {
	args := []string{"--no-defaults"}
	if os.Geteuid() == 0 {
		args = append(args, "--user=root")
	}
	if share := shareFolder(s.programs.server); share != "" {
		args = append(args, "--lc-messages-dir="+share)
	}
	return append(args, "--datadir="+s.DataDir, "--tmpdir="+s.tempDir(), "--secure-file-priv="+s.tempDir(), "--skip-name-resolve",
		"--innodb-buffer-pool-size=32M",
		"--key-buffer-size=1M", "--loose-innodb-log-file-size=32M", "--loose-innodb-redo-log-capacity=64M", "--innodb-use-native-aio=OFF")
}

// installMySQL is installDataDir of a MySQL.
func (s *Server) installMySQL() error {
	if s.mysqlAge(5, 7) >= 0 {
		out, err := exec.Command(s.programs.server, append(s.mysqlArgs(), "--initialize-insecure")...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("make data directory %s: %w: %s", s.DataDir, err, out)
		}
		return nil
	}
	// What the script mysql_install_db of 5.6 does.
	if err := os.MkdirAll(filepath.Join(s.DataDir, "mysql"), 0o700); err != nil {
		return fmt.Errorf("make data directory: %w", err)
	}
	statements := []byte("USE mysql;\n")
	for _, name := range []string{"mysql_system_tables.sql", "mysql_system_tables_data.sql", "fill_help_tables.sql"} {
		text, err := os.ReadFile(filepath.Join(shareFolder(s.programs.server), name))
		if err != nil {
			return fmt.Errorf("make data directory: %w", err)
		}
		statements = append(statements, text...)
	}
	cmd := exec.Command(s.programs.server, append(s.mysqlArgs(), "--bootstrap", "--log-warnings=0", "--loose-skip-ndbcluster",
		"--default-storage-engine=myisam", "--default-tmp-storage-engine=myisam")...)
	cmd.Stdin = bytes.NewReader(statements)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make data directory %s: %w: %s", s.DataDir, err, out)
	}
	return nil
}

// mysqlServerArgs are serverArgs of a MySQL.
func (s *Server) mysqlServerArgs() []string {
	args := append(s.mysqlArgs(), "--socket="+s.Socket, "--pid-file="+filepath.Join(s.Dir, "mysqld.pid"), "--skip-networking",
		"--innodb-flush-log-at-trx-commit=2", "--loose-mysqlx=OFF")
	if s.options.binlog {
		args = append(args, "--log-bin=binlog", "--server-id=1", "--sync-binlog=0")
	} else {
		args = append(args, "--skip-log-bin")
	}
	return append(args, s.options.args...)
}

// mysqlTables are what XtraBackup 8 reads of the performance schema.
var mysqlTables = []string{"log_status", "replication_group_members", "keyring_component_status"}

// mysqlGrants are the statements that let the backup user back a MySQL up; a
// privilege on a table can be withheld as "SELECT ON table".
func (s *Server) mysqlGrants() ([]string, error) {
	global, tables := []string{"RELOAD", "PROCESS", "LOCK TABLES", "REPLICATION CLIENT"}, []string{}
	if s.mysqlAge(8, 0) >= 0 {
		global = append(global, "BACKUP_ADMIN")
		for _, table := range mysqlTables {
			tables = append(tables, "SELECT ON performance_schema."+table)
		}
	}
	for _, grant := range s.options.without {
		i, j := slices.Index(global, grant), slices.Index(tables, grant)
		switch {
		case i >= 0:
			global = slices.Delete(global, i, i+1)
		case j >= 0:
			tables = slices.Delete(tables, j, j+1)
		default:
			return nil, fmt.Errorf("withhold grant %s: the backup user has only %v and %v", grant, global, tables)
		}
	}
	var statements []string
	if len(global) > 0 {
		statements = append(statements, "GRANT "+strings.Join(global, ", ")+" ON *.*")
	}
	for _, table := range tables {
		statements = append(statements, "GRANT "+table)
	}
	return statements, nil
}
