package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

const minimal = "db_type: mariadb\nbackup_dir: /var/backups/dbcalm\n"

func writeConfig(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestConfigPathPrecedence(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ flag, env, want string }{
		{"", "", defaultConfigPath},
		{"", "/from/env.yml", "/from/env.yml"},
		{"/from/flag.yml", "", "/from/flag.yml"},
		{"/from/flag.yml", "/from/env.yml", "/from/flag.yml"},
	} {
		in := newInvocation(t, nil)
		in.env = func(name string) string { return map[string]string{configVariable: c.env}[name] }
		in.configFlag = c.flag
		if got := in.configPath(); got != c.want {
			t.Errorf("flag %q, variable %q: got %s, want %s", c.flag, c.env, got, c.want)
		}
	}
}

func TestConfigPathFromTheCommandLine(t *testing.T) {
	t.Parallel()
	in := newInvocation(t, nil)
	in.env = func(name string) string { return map[string]string{configVariable: "/no/such/file.yml"}[name] }
	in.expect(t, exitConfig, "config", "check")
	in.expect(t, exitOK, "--config", writeConfig(t, minimal), "config", "check")
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	path := writeConfig(t, minimal)
	loaded := loadConfig(path, testHost("/usr/bin/mariabackup"))
	if len(loaded.problems)+len(loaded.warnings) > 0 {
		t.Fatalf("problems %v, warnings %v", loaded.problems, loaded.warnings)
	}
	want := Config{
		Path:                  path,
		DBType:                typeMariaDB,
		BackupDir:             "/var/backups/dbcalm",
		BackupCredentialsFile: "/etc/dbcalm/credentials.cnf",
		DataDir:               "/var/lib/mysql",
		DatabasePath:          "/var/lib/dbcalm/db.sqlite3",
		Host:                  "localhost",
		BackupBin:             "/usr/bin/mariabackup",
		SocketPath:            "/var/run/dbcalm/db-cmd.sock",
		LegacySocketPath:      "/var/run/dbcalm/mariadb-cmd.sock",
		SocketMode:            0o660,
		StateDir:              "/var/lib/dbcalm/db-cmd",
		Parallel:              4,
		UseMemory:             4 * gibibyte,
		MaxConcurrent:         1,
		MaxWaiting:            100,
		KeepLogsDays:          30,
		StallTimeout:          time.Minute,
		OnFinishTimeout:       30 * time.Second,
		MetricsMode:           0o660,
		LogLevel:              zerolog.InfoLevel,
		LogFormat:             formatJSON,
	}
	if !reflect.DeepEqual(*loaded.config, want) {
		t.Errorf("got  %+v\nwant %+v", *loaded.config, want)
	}
}

func TestDefaultsDependOnTheMachine(t *testing.T) {
	t.Parallel()
	for memory, want := range map[byteSize]byteSize{
		0: 128 * mebibyte, 256 * mebibyte: 128 * mebibyte, gibibyte + 5: 256 * mebibyte,
		8 * gibibyte: 2 * gibibyte, 64 * gibibyte: 4 * gibibyte,
	} {
		if got := defaultMemory(memory); got != want {
			t.Errorf("of %s: %s, want %s", memory, got, want)
		}
	}
	for cpus, want := range map[int]int{0: 1, 1: 1, 2: 2, 4: 4, 96: 4} {
		if got := defaults(host{cpus: cpus}).Parallel; got != want {
			t.Errorf("of %d CPUs: %d, want %d", cpus, got, want)
		}
	}
	if got := defaults(host{terminal: true}).LogFormat; got != formatConsole {
		t.Errorf("on a terminal: %s", got)
	}
}

func TestBackupToolIsTheDatabases(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		config    string
		installed []string
		want      string
	}{
		{"db_type: mariadb", []string{"/usr/bin/mariabackup", "/usr/bin/mariadb-backup"}, "/usr/bin/mariadb-backup"},
		{"db_type: mariadb", []string{"/usr/bin/mariabackup"}, "/usr/bin/mariabackup"},
		{"db_type: mariadb", []string{"/usr/bin/xtrabackup"}, ""},
		{"db_type: mysql", []string{"/usr/bin/xtrabackup", "/usr/bin/mariadb-backup"}, "/usr/bin/xtrabackup"},
		{"db_type: mysql\nbackup_bin: mine", []string{"/usr/bin/xtrabackup", "/opt/bin/mine"}, "/opt/bin/mine"},
		{"db_type: mysql\nbackup_bin: mine", []string{"/usr/bin/xtrabackup"}, "mine"},
	} {
		loaded := loadConfig(writeConfig(t, "backup_dir: /b\n"+c.config), testHost(c.installed...))
		if len(loaded.problems) > 0 || loaded.config.BackupBin != c.want {
			t.Errorf("%q with %q: got %q, problems %v, want %q", c.config, c.installed, loaded.config.BackupBin, loaded.problems, c.want)
		}
		if warned := len(loaded.warnings) > 0; warned == filepath.IsAbs(c.want) {
			t.Errorf("%q with %q: warnings %q", c.config, c.installed, loaded.warnings)
		}
	}
}

func TestPathsAreFollowedThroughLinks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, folder := range []string{"data", "other"} {
		if err := os.Mkdir(filepath.Join(dir, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("data", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	config := "db_type: mariadb\ndata_dir: " + dir + "/data\nbackup_dir: " + dir + "/%/backups\n"
	if p := loadConfig(writeConfig(t, strings.Replace(config, "%", "other", 1)), testHost()).problems; len(p) > 0 {
		t.Errorf("beside the data directory: %v", p)
	}
	if p := loadConfig(writeConfig(t, strings.Replace(config, "%", "link", 1)), testHost()).problems; len(p) != 1 || p[0].Key != "backup_dir" {
		t.Errorf("inside the data directory through a link: %v", p)
	}
}
