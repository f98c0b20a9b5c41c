package mariadbtest

import (
	"database/sql"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
)

func TestBackupUserHasExactlyTheGrantsOfABackup(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		opts []Option
		want string
	}{
		{"plain", nil, "RELOAD, PROCESS"},
		{"binlog", []Option{WithBinlog()}, "RELOAD, PROCESS, BINLOG MONITOR"},
		{"without one", []Option{WithoutGrants("RELOAD")}, "PROCESS"},
		{"without any", []Option{WithoutGrants("RELOAD", "PROCESS")}, "USAGE"},
		{"another name", []Option{WithUser("o'brien", `a "b" #\ `)}, "RELOAD, PROCESS"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := Start(t, test.opts...)
			config := poolConfig(s.Socket)
			config.User, config.Passwd = s.User, s.Password
			connector, err := mysql.NewConnector(config)
			if err != nil {
				t.Fatal(err)
			}
			db := sql.OpenDB(connector)
			defer db.Close()
			var grant string
			if err := db.QueryRow("SHOW GRANTS").Scan(&grant); err != nil {
				t.Fatal(err)
			}
			got, _, _ := strings.Cut(strings.TrimPrefix(grant, "GRANT "), " ON *.*")
			if got != test.want {
				t.Errorf("granted %q, want %q", got, test.want)
			}
		})
	}
}

func TestUnknownGrantIsRefused(t *testing.T) {
	t.Parallel()
	o := options{without: []string{"BINLOG MONITOR"}}
	if grants, err := o.grants(); err == nil {
		t.Errorf("without a binary log there is no BINLOG MONITOR to withhold: got %v", grants)
	}
}

// The file must mean to the real tools what it says.
func TestToolsLogInWithCredentialsFile(t *testing.T) {
	t.Parallel()
	s := Start(t, WithUser("backup", `p "w" #1\`))
	out, err := exec.Command("mariadb", "--defaults-file="+s.CredentialsFile, "--defaults-group-suffix=-dbcalm",
		"--batch", "--skip-column-names", "--execute", "SELECT CURRENT_USER()").CombinedOutput()
	if err != nil || string(out) != "backup@localhost\n" {
		t.Errorf("log in by the credentials file: %v: %s", err, out)
	}
	info, err := os.Stat(s.CredentialsFile)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("credentials file has mode %o, want 600", info.Mode().Perm())
	}
}
