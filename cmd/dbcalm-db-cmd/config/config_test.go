package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/config/configtest"
)

// hostWith is a machine with 8 CPUs and 16 GiB of memory where these programs
// are installed.
func hostWith(programs ...string) Host {
	return Host{
		CPUs:   8,
		Memory: 16 * gibibyte,
		Program: func(name string) (string, bool) {
			for _, path := range programs {
				if path == name || filepath.Base(path) == name {
					return path, true
				}
			}
			return "", false
		},
		Group: func(name string) bool { return name == "dbcalm" },
		User:  func(name string) bool { return name == "alice" || name == "1001" },
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	path := configtest.Write(t, configtest.Minimal)
	loaded := Load(path, hostWith("/usr/bin/mariabackup"))
	if len(loaded.Problems)+len(loaded.Warnings) > 0 {
		t.Fatalf("problems %v, warnings %v", loaded.Problems, loaded.Warnings)
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
		StateDir:              "/var/lib/dbcalm-db-cmd",
		Parallel:              4,
		UseMemory:             4 * gibibyte,
		MaxConcurrent:         1,
		MaxWaiting:            100,
		KeepLogsDays:          30,
		KeepHistory:           400,
		ArchiveInterval:       time.Minute,
		StallTimeout:          time.Minute,
		CountRows:             "off",
		OnFinishTimeout:       30 * time.Second,
		MetricsMode:           0o660,
		LogLevel:              zerolog.InfoLevel,
		LogFormat:             FormatJSON,
	}
	if !reflect.DeepEqual(*loaded.Config, want) {
		t.Errorf("got  %+v\nwant %+v", *loaded.Config, want)
	}
}

func TestDefaultsDependOnTheMachine(t *testing.T) {
	t.Parallel()
	for memory, want := range map[Size]Size{
		0: 128 * mebibyte, 256 * mebibyte: 128 * mebibyte, gibibyte + 5: 256 * mebibyte,
		8 * gibibyte: 2 * gibibyte, 64 * gibibyte: 4 * gibibyte,
	} {
		if got := defaultMemory(memory); got != want {
			t.Errorf("of %s: %s, want %s", memory, got, want)
		}
	}
	for cpus, want := range map[int]int{0: 1, 1: 1, 2: 2, 4: 4, 96: 4} {
		if got := Defaults(Host{CPUs: cpus}).Parallel; got != want {
			t.Errorf("of %d CPUs: %d, want %d", cpus, got, want)
		}
	}
	if got := Defaults(Host{Terminal: true}).LogFormat; got != FormatConsole {
		t.Errorf("on a Terminal: %s", got)
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
		loaded := Load(configtest.Write(t, "backup_dir: /b\n"+c.config), hostWith(c.installed...))
		if len(loaded.Problems) > 0 || loaded.Config.BackupBin != c.want {
			t.Errorf("%q with %q: got %q, problems %v, want %q", c.config, c.installed, loaded.Config.BackupBin, loaded.Problems, c.want)
		}
		if warned := len(loaded.Warnings) > 0; warned == filepath.IsAbs(c.want) {
			t.Errorf("%q with %q: warnings %q", c.config, c.installed, loaded.Warnings)
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
	if p := Load(configtest.Write(t, strings.Replace(config, "%", "other", 1)), hostWith()).Problems; len(p) > 0 {
		t.Errorf("beside the data directory: %v", p)
	}
	if p := Load(configtest.Write(t, strings.Replace(config, "%", "link", 1)), hostWith()).Problems; len(p) != 1 || p[0].Key != "backup_dir" {
		t.Errorf("inside the data directory through a link: %v", p)
	}
}
