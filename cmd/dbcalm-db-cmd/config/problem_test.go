package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/config/configtest"
)

// Each case is a minimal file with one thing wrong, and what is said of it
// after the file's name.
func TestConfigProblems(t *testing.T) {
	t.Parallel()
	long := "/" + strings.Repeat("x", 107)
	for _, c := range []struct{ text, want string }{
		{"backup_dir: /b", `db_type: not set: add a line such as "db_type: mariadb"`},
		{"db_type: mysql", `backup_dir: not set: add a line such as "backup_dir: /var/backups/dbcalm"`},
		{"db_type: [a]\nbackup_dir: /b", `:1: db_type: a list: write text, in quotes if it looks like a number`},
		{"db_type: MariaDB\nbackup_dir: /b", `:1: db_type: "MariaDB": write mariadb or mysql`},
		{"db_type: mysql\nbackup_dir: 5", `:2: backup_dir: 5: write a path`},
		{"db_type: mysql\nbackup_dir: ''", `:2: backup_dir: "": give an absolute path, such as /var/backups/dbcalm`},
		{configtest.Minimal + "backup_dir: /c", `:3: backup_dir: already set at line 2: remove one of the two`},
		{configtest.Minimal + "backup_credentials_file: c.cnf",
			`:3: backup_credentials_file: "c.cnf": give an absolute path, such as /etc/dbcalm/credentials.cnf`},
		{configtest.Minimal + "data_dir: data", `:3: data_dir: "data": give an absolute path, such as /var/lib/mysql`},
		{configtest.Minimal + "data_dir: {a: b}", `:3: data_dir: a mapping: write a path`},
		{configtest.Minimal + "database_path: ./db", `:3: database_path: "./db": give an absolute path, such as /var/lib/dbcalm/db.sqlite3`},
		{configtest.Minimal + "state_dir: ''", `:3: state_dir: "": give an absolute path, such as /var/lib/dbcalm-db-cmd`},
		{configtest.Minimal + "server_defaults_file: my.cnf",
			`:3: server_defaults_file: "my.cnf": give an absolute path, such as /etc/mysql/my.cnf`},
		{configtest.Minimal + "backup_bin: bin/tool", `:3: backup_bin: "bin/tool": give an absolute path, such as /usr/bin/mariadb-backup`},
		{configtest.Minimal + "backup_args: --throttle=40", `:3: backup_args: (not shown): write a list of options, such as ["--throttle=40"]`},
		{configtest.Minimal + "backup_args: [1]", `:3: backup_args: a list: write a list of options, such as ["--throttle=40"]`},
		{configtest.Minimal + "backup_args:\n- --throttle=40\n- --parallel=4",
			`:3: backup_args: [--throttle=40 (not shown)]: text 2: --parallel is not to be given here: set the key parallel`},
		{configtest.Minimal + "backup_args: [--password=s3cret, s3cret]",
			`:3: backup_args: [(not shown) (not shown)]: text 1: --password is not to be given here: everybody could read it: ` +
				`write it into the credentials file; ` +
				`text 2: not an option: write each as one text, such as --throttle=40`},
		{configtest.Minimal + "state_dir: /var/backups/dbcalm/state",
			`:3: state_dir: "/var/backups/dbcalm/state": must not lie inside backup_dir (/var/backups/dbcalm): choose a path elsewhere`},
		{configtest.Minimal + "state_dir: /var/lib/mysql",
			`:3: state_dir: "/var/lib/mysql": must not lie inside data_dir (/var/lib/mysql): choose a path elsewhere`},
		{configtest.Minimal + "database_path: /var/backups/dbcalm/db",
			`:3: database_path: "/var/backups/dbcalm/db": must not lie inside backup_dir (/var/backups/dbcalm): choose a path elsewhere`},
		{configtest.Minimal + "database_path: /var/lib/mysql/db",
			`:3: database_path: "/var/lib/mysql/db": must not lie inside data_dir (/var/lib/mysql): choose a path elsewhere`},
		{"db_type: mysql\nbackup_dir: /var/lib/mysql/backups",
			`:2: backup_dir: "/var/lib/mysql/backups": must not lie inside data_dir (/var/lib/mysql): choose a folder elsewhere`},
		{"db_type: mysql\nbackup_dir: /b\ndata_dir: /b/data",
			`:2: backup_dir: "/b": must not hold data_dir (/b/data): choose a folder elsewhere`},
		{"db_type: mysql\nbackup_dir: /b\ndata_dir: /b", `:2: backup_dir: "/b": must not lie inside data_dir (/b): choose a folder elsewhere`},
		{configtest.Minimal + "stream: maybe", `:3: stream: "maybe": write true or false`},
		{configtest.Minimal + "compression: lz4", `:3: compression: "lz4": write gzip, zstd or none`},
		{configtest.Minimal + "compression: lz4\ncompression_level: 3", `:3: compression: "lz4": write gzip, zstd or none`},
		{configtest.Minimal + "compression: gzip\ncompression_level: 10",
			`:4: compression_level: 10: compression level 10 does not exist: gzip has 1 (fastest) to 9 (smallest), 0 is the default`},
		{configtest.Minimal + "compression: zstd\ncompression_level: -1",
			`:4: compression_level: -1: compression level -1 does not exist: zstd has 1 (fastest) to 19 (smallest), 0 is the default`},
		{configtest.Minimal + "compression_level: best", `:3: compression_level: "best": write a whole number`},
		{configtest.Minimal + "forward: nc host 1",
			`:3: forward: (not shown): only a stream can be forwarded: set stream: true or remove forward`},
		{configtest.Minimal + "retrieve: \"nc \\0\"", `:3: retrieve: (not shown): holds a zero byte, which no command can: remove it`},
		{configtest.Minimal + "stall_timeout: soon",
			`:3: stall_timeout: "soon": write a time with its unit, such as 30s or 5m, or a number of seconds`},
		{configtest.Minimal + "stall_timeout: 500ms", `:3: stall_timeout: "500ms": give 1s to 1h, such as 60s`},
		{configtest.Minimal + "stall_timeout: 3601", `:3: stall_timeout: "1h0m1s": give 1s to 1h, such as 60s`},
		{configtest.Minimal + "forward: [nc]", `:3: forward: (not shown): write text, in quotes if it looks like a number`},
		{configtest.Minimal + "host: ''", `:3: host: "": write the database server's host name, such as localhost`},
		{configtest.Minimal + "host: a b", `:3: host: "a b": write the database server's host name, such as localhost`},
		{configtest.Minimal + "socket_path: run/s", `:3: socket_path: "run/s": give an absolute path, such as /var/run/dbcalm/db-cmd.sock`},
		{configtest.Minimal + "socket_path: " + long, `:3: socket_path: "` + long + `": 108 bytes long: give a path of at most 107`},
		{configtest.Minimal + "legacy_socket_path: run/s",
			`:3: legacy_socket_path: "run/s": give an absolute path, such as /var/run/dbcalm/mariadb-cmd.sock`},
		{configtest.Minimal + "legacy_socket_path: /var/run//dbcalm/db-cmd.sock",
			`:3: legacy_socket_path: "/var/run/dbcalm/db-cmd.sock": the same as socket_path: give another path, or "" for none`},
		{configtest.Minimal + "socket_mode: rw", `:3: socket_mode: "rw": write an octal mode, such as "0660"`},
		{configtest.Minimal + "socket_mode: 0999", `:3: socket_mode: 0999: write an octal mode, such as "0660"`},
		{configtest.Minimal + "socket_mode: '1777'", `:3: socket_mode: "1777": write an octal mode, such as "0660"`},
		{configtest.Minimal + "socket_mode: 0o060", `:3: socket_mode: "0060": the daemon's own user needs read and write: write "0660"`},
		{configtest.Minimal + "allowed_users: alice", `:3: allowed_users: "alice": ` + listAdvice},
		{configtest.Minimal + "allowed_users: [alice, nobody-knows]",
			`:3: allowed_users: [alice nobody-knows]: "nobody-knows": no such user: create it, or name one that exists`},
		{configtest.Minimal + "allowed_groups: [{a: 1}]", `:3: allowed_groups: a list: ` + listAdvice},
		{configtest.Minimal + "allowed_groups: [nobody-knows]",
			`:3: allowed_groups: [nobody-knows]: "nobody-knows": no such group: create it, or name one that exists`},
		{configtest.Minimal + "restore_users: [nobody-knows]",
			`:3: restore_users: [nobody-knows]: "nobody-knows": no such user: create it, or name one that exists`},
		{configtest.Minimal + "restore_groups: [nobody-knows]",
			`:3: restore_groups: [nobody-knows]: "nobody-knows": no such group: create it, or name one that exists`},
		{configtest.Minimal + "max_waiting: 0", `:3: max_waiting: 0: write a whole number from 1 to 10000`},
		{configtest.Minimal + "socket_group: nobody-knows",
			`:3: socket_group: "nobody-knows": no such group: create it, or name one that exists`},
		{configtest.Minimal + "parallel: 0", `:3: parallel: 0: write a whole number from 1 to 64`},
		{configtest.Minimal + "parallel: 65", `:3: parallel: 65: write a whole number from 1 to 64`},
		{configtest.Minimal + "parallel: '4.5'", `:3: parallel: "4.5": write a whole number`},
		{configtest.Minimal + "parallel: 2.5", `:3: parallel: 2.5: write a whole number`},
		{configtest.Minimal + "use_memory: 2X", `:3: use_memory: "2X": write a size such as 512M or 2G, or a number of bytes`},
		{configtest.Minimal + "use_memory: 1.5", `:3: use_memory: 1.5: write a size such as 512M or 2G, or a number of bytes`},
		{configtest.Minimal + "use_memory: 1M", `:3: use_memory: 1M: give at least 16M, such as 512M or 2G`},
		{configtest.Minimal + "max_concurrent: 17", `:3: max_concurrent: 17: write a whole number from 1 to 16`},
		{configtest.Minimal + "keep_logs_days: 0", `:3: keep_logs_days: 0: write a whole number from 1 to 3650`},
		{configtest.Minimal + "keep_history: -1", `:3: keep_history: -1: write a whole number from 0 to 36500, 0 to keep all`},
		{configtest.Minimal + "retention: 30",
			`:3: retention: 30: write how many full backups and how many days to keep, such as {full: 4, days: 30}`},
		{configtest.Minimal + "retention: [4, 30]", `:3: retention: a list: ` + retentionAdvice},
		{configtest.Minimal + "retention: {weeks: 4}", `:3: retention: a mapping: ` + retentionAdvice},
		{configtest.Minimal + "retention: {full: four}", `:3: retention: a mapping: ` + retentionAdvice},
		{configtest.Minimal + "retention: {full: 4, full: 5}", `:3: retention: a mapping: ` + retentionAdvice},
		{configtest.Minimal + "retention: {full: 1.5}", `:3: retention: a mapping: ` + retentionAdvice},
		{configtest.Minimal + "retention: {full: }", `:3: retention: a mapping: ` + retentionAdvice},
		{configtest.Minimal + "retention: {full: -1, days: 30}",
			`:3: retention: {full: -1, days: 30}: give 0 to 10000 full backups and 0 to 36500 days, such as {full: 4, days: 30}`},
		{configtest.Minimal + "retention:\n  days: 36501",
			`:3: retention: {days: 36501}: give 0 to 10000 full backups and 0 to 36500 days, such as {full: 4, days: 30}`},
		{configtest.Minimal + "on_finish: [curl]", `:3: on_finish: (not shown): write text, in quotes if it looks like a number`},
		{configtest.Minimal + `on_finish: "curl \0"`, `:3: on_finish: (not shown): holds a zero byte, which no command can: remove it`},
		{configtest.Minimal + "on_finish_timeout: 2.5",
			`:3: on_finish_timeout: 2.5: write a time with its unit, such as 30s or 5m, or a number of seconds`},
		{configtest.Minimal + "on_finish_timeout: soon",
			`:3: on_finish_timeout: "soon": write a time with its unit, such as 30s or 5m, or a number of seconds`},
		{configtest.Minimal + "on_finish_timeout: 10ms", `:3: on_finish_timeout: "10ms": give 1s to 1h, such as 30s`},
		{configtest.Minimal + "on_finish_timeout: 90m", `:3: on_finish_timeout: "1h30m": give 1s to 1h, such as 30s`},
		{configtest.Minimal + "metrics_listen: 9104", `:3: metrics_listen: 9104: ` + metricsAdvice},
		{configtest.Minimal + "metrics_listen: ':9104'", `:3: metrics_listen: ":9104": only this host may reach it: ` + metricsAdvice},
		{configtest.Minimal + "metrics_listen: 0.0.0.0:9104",
			`:3: metrics_listen: "0.0.0.0:9104": only this host may reach it: ` + metricsAdvice},
		{configtest.Minimal + "metrics_listen: '[::]:9104'", `:3: metrics_listen: "[::]:9104": only this host may reach it: ` + metricsAdvice},
		{configtest.Minimal + "metrics_listen: 192.0.2.1:9104",
			`:3: metrics_listen: "192.0.2.1:9104": only this host may reach it: ` + metricsAdvice},
		{configtest.Minimal + "metrics_listen: db.example.org:9104",
			`:3: metrics_listen: "db.example.org:9104": only this host may reach it: ` + metricsAdvice},
		{configtest.Minimal + "metrics_listen: localhost", `:3: metrics_listen: "localhost": names no port: ` + metricsAdvice},
		{configtest.Minimal + "metrics_listen: localhost:0",
			`:3: metrics_listen: "localhost:0": the port is a number from 1 to 65535: ` + metricsAdvice},
		{configtest.Minimal + "metrics_listen: localhost:http",
			`:3: metrics_listen: "localhost:http": the port is a number from 1 to 65535: ` + metricsAdvice},
		{configtest.Minimal + "metrics_listen: run/metrics.sock", `:3: metrics_listen: "run/metrics.sock": names no port: ` + metricsAdvice},
		{configtest.Minimal + "metrics_listen: " + long, `:3: metrics_listen: "` + long + `": 108 bytes long: give a path of at most 107`},
		{configtest.Minimal + "metrics_listen: /var/run/dbcalm//db-cmd.sock",
			`:3: metrics_listen: "/var/run/dbcalm/db-cmd.sock": the same as socket_path: give another path, or "" for none`},
		{configtest.Minimal + "metrics_listen: /var/run/dbcalm/mariadb-cmd.sock",
			`:3: metrics_listen: "/var/run/dbcalm/mariadb-cmd.sock": the same as legacy_socket_path: give another path, or "" for none`},
		{configtest.Minimal + "metrics_mode: '0066'", `:3: metrics_mode: "0066": the daemon's own user needs read and write: write "0660"`},
		{configtest.Minimal + "metrics_group: nobody-knows",
			`:3: metrics_group: "nobody-knows": no such group: create it, or name one that exists`},
		{configtest.Minimal + "log_level: fatal", `:3: log_level: "fatal": write trace, debug, info, warn or error`},
		{configtest.Minimal + "log_level: 1", `:3: log_level: 1: write trace, debug, info, warn or error`},
		{configtest.Minimal + "count_rows: some", `:3: count_rows: "some": write off, rows or checksum`},
		{configtest.Minimal + "log_format: text", `:3: log_format: "text": write json or console`},
		{"- a\n- b", `:1: write lines of "key: value"`},
		{"just text", `:1: write lines of "key: value"`},
		{configtest.Minimal + "---\nhost: a", `only one YAML document is read: remove the line "---" between them`},
		{"db_type: mariadb\n\tbackup_dir: /b", `:2: not valid YAML: found a tab character that violates indentation`},
		{"jwt_secret_key: *hunter2", `not valid YAML: a value that begins with * must be in quotes`},
		{strings.Repeat("#", maxConfigSize+1), `cannot be read (larger than 1 MiB): name a readable file with --config or $DBCALM_DB_CMD_CONFIG`},
	} {
		path := configtest.Write(t, c.text)
		loaded := Load(path, hostWith("/usr/bin/mariadb-backup"))
		if len(loaded.Problems) != 1 {
			t.Errorf("%.200q: problems %v, want one", c.text, loaded.Problems)
			continue
		}
		said := strings.TrimPrefix(strings.TrimPrefix(loaded.Problems[0].String(), path), ": ")
		if said != c.want {
			t.Errorf("%.200q:\n got %s\nwant %s", c.text, said, c.want)
		}
	}
}

func TestEmptyFileLacksTheRequiredKeys(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "# nothing\n", "---\n", "null\n"} {
		loaded := Load(configtest.Write(t, text), hostWith("mariadb-backup"))
		if len(loaded.Problems) != 2 {
			t.Errorf("%q: problems %v, want two", text, loaded.Problems)
		}
	}
}

func TestUnreadableConfigFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for path, want := range map[string]string{
		filepath.Join(dir, "none.yml"): "no such file: create it with at least db_type and backup_dir, or name another " +
			"with --config or $DBCALM_DB_CMD_CONFIG",
		dir:                                 "cannot be read (is a directory): name a readable file with --config or $DBCALM_DB_CMD_CONFIG",
		filepath.Join(dir, "none", "x.yml"): "no such file: ",
	} {
		problems := Load(path, hostWith()).Problems
		if len(problems) != 1 || !strings.Contains(problems[0].String(), path+": "+want) {
			t.Errorf("%s: %v", path, problems)
		}
	}
	if advice := readAdvice(&os.PathError{Op: "open", Path: "/x", Err: os.ErrPermission}); !strings.Contains(advice, "run as root") {
		t.Errorf("no permission: %s", advice)
	}
}

// Values that look odd and are right.
func TestConfigAccepts(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"socket_mode: 0660", "socket_mode: 660", "socket_mode: '660'", "socket_mode: 0o660",
		"stream: off", "stream: no", "stream: false", "compression: ''", "forward: ''",
		"stream: true", "stream: yes\ncompression: zstd\ncompression_level: 19", "compression: gzip\ncompression_level: 0", "retrieve: nc host 1",
		"stream: true\nforward: nc host 1\nretrieve: nc host 2", "stall_timeout: 1h", "stall_timeout: 90", "stall_timeout: '2m'",
		"use_memory: 1073741824", "use_memory: 512mb", "log_level: warning", "legacy_socket_path: ''",
		"allowed_users: [alice, 1001]", "allowed_users: []", "allowed_groups: [dbcalm]", "allowed_groups: []",
		"restore_users: ['1001']\nrestore_groups: [dbcalm]", "max_waiting: 1", "max_waiting: 10000",
		"socket_group: dbcalm", "parallel: 64", "max_concurrent: 16", "x: &a /data\ndata_dir: *a",
		"socket_path: /" + strings.Repeat("x", 106), "data_dir: /var/backups/dbcalm2", "? [complex]\n: 1",
	} {
		loaded := Load(configtest.Write(t, configtest.Minimal+text), hostWith("/usr/bin/mariadb-backup"))
		if len(loaded.Problems)+len(loaded.Warnings) > 0 {
			t.Errorf("%q: problems %v, warnings %q", text, loaded.Problems, loaded.Warnings)
		}
	}
}
