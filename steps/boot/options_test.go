package boot

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/testkit"
)

// The settings of the backup go to the server, but not where its files were.
func TestServerGetsTheBackupsSettings(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	testkit.Write(t, dir, map[string]string{"backup-my.cnf": `# generated
[mysqld]
innodb_page_size=65536
innodb_data_file_path=/disk one/ibdata1:12M;ibdata2:1G:autoextend
innodb_undo_directory=/other/undo
innodb-undo-tablespaces = 3
innodb_log_file_size=4G
innodb_log_group_home_dir=/redo
innodb_redo_log_version=1
plugin_load=file_key_management.so
file_key_management_filekey="a # b\\c"
server_id=7

`})
	to := filepath.Join(dir, "server.cnf")
	if err := writeServerOptions(filepath.Join(dir, "backup-my.cnf"), to); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	const want = `[mysqld]
loose-innodb_page_size=65536
innodb-data-file-path=ibdata1:12M;ibdata2:1G:autoextend
loose-innodb-undo-tablespaces = 3
loose-innodb_redo_log_version=1
loose-plugin_load=file_key_management.so
loose-file_key_management_filekey="a # b\\c"
`
	if string(text) != want {
		t.Errorf("got:\n%s\nwant:\n%s", text, want)
	}
	// It may hold a secret.
	if info, err := os.Stat(to); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	err = writeServerOptions(filepath.Join(dir, "nowhere"), to)
	testkit.Says(t, err, "read the backup's settings: ")
}

func TestServerIsPrivate(t *testing.T) {
	t.Parallel()
	args, err := Examination{Folder: "/store/.partial/op-stage/0", UseMemory: 1 << 27, LowerCaseTables: 1}.serverArgs()
	if err != nil {
		t.Fatal(err)
	}
	line := strings.Join(args, " ") + " "
	if !strings.HasPrefix(args[0], "--defaults-file=") {
		t.Errorf("it reads the option files of the machine: %s", line)
	}
	for _, want := range []string{"--skip-networking ", "--skip-grant-tables ", "--skip-log-bin ", "--event-scheduler=DISABLED ",
		"--loose-skip-slave-start ", "--loose-skip-replica-start ", "--socket=../server.sock ",
		"--datadir=/store/.partial/op-stage/0 ", "--lower-case-table-names=1 ", "--innodb-buffer-pool-size=134217728 "} {
		if !strings.Contains(line, want) {
			t.Errorf("%s is not in %s", want, line)
		}
	}
}

func TestServerIsNobodysService(t *testing.T) {
	for _, name := range []string{"MYSQL_HOME", "MARIADB_HOME", "NOTIFY_SOCKET", "LISTEN_FDS"} {
		t.Setenv(name, "/leaks/in")
	}
	t.Setenv(job.JobVariable, "/job")
	env := strings.Join(serverEnv(), "\n") + "\n"
	if strings.Contains(env, "/leaks/in") || !strings.Contains(env, job.JobVariable+"=/job\n") || !strings.Contains(env, "PATH=") {
		t.Errorf("the environment is %s", env)
	}
}

func TestTableNames(t *testing.T) {
	t.Parallel()
	name := tableName{"odd `name", "ta``ble"}
	if got := name.quoted(); got != "`odd ``name`.`ta````ble`" {
		t.Errorf("quoted: %s", got)
	}
	for want, checks := range map[string]tableChecks{
		"it ends when it is asked for its tables": {},
		"it ends when it checks a.a or a.b":       {asked: []string{"a.b", "a.a"}},
	} {
		if got := checks.during(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
