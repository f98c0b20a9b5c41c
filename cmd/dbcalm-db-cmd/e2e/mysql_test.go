package e2e

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/machine/api"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
	xtrabackuptest "dbcalm-db-cmd/steps/testkit/xtrabackup"
)

// mysqlWorld is a host of a server that claims to be MySQL 8.0, with the
// stand-in for XtraBackup.
func mysqlWorld(t *testing.T, config map[string]string) *world {
	t.Helper()
	v := xtrabackuptest.Versions[2]
	all := map[string]string{"db_type": "mysql", "backup_bin": xtrabackuptest.Install(t, v.Tool)}
	maps.Copy(all, config)
	return newWorld(t, worldOptions{server: []mariadbtest.Option{mariadbtest.Claiming(v.Server)}, config: all})
}

// TestMySQLChainComesBack takes a full and two incremental backups of MySQL
// under a running writer and restores the chain to a folder and to the
// database, each compared row by row.
func TestMySQLChainComesBack(t *testing.T) {
	t.Parallel()
	w := mysqlWorld(t, map[string]string{"backup_args": `["--throttle=1000", "--tmpdir=/tmp"]`})
	mariadbtest.FillTables(t, w.db.DB(), 6, 100)
	writer := mariadbtest.StartWriter(t, w.db.DB())
	w.start()
	w.succeeded(w.full("full"))
	for _, link := range [][2]string{{"inc1", "full"}, {"inc2", "inc1"}} {
		mariadbtest.FillTables(t, w.db.DB(), 6, 50)
		if link[0] == "inc2" {
			if err := writer.Stop(); err != nil {
				t.Fatal(err)
			}
		}
		w.succeeded(w.incremental(link[0], link[1]))
	}
	want := mariadbtest.Fingerprint(t, w.db.DB())
	chain := []string{"full", "inc1", "inc2"}
	folder := w.succeeded(w.restore(api.TargetFolder, chain...))
	w.db.Stop()
	w.loseData()
	view := w.succeeded(w.restore(api.TargetDatabase, chain...))

	lines := map[string]int{}
	for _, job := range view.Processes {
		for _, option := range []string{"--apply-log-only", "--tmpdir=/tmp", "--throttle"} {
			if strings.Contains(job.Command, option) {
				lines[option]++
			}
		}
	}
	if lines["--apply-log-only"] != 2 || lines["--tmpdir=/tmp"] != 3 || lines["--throttle"] != 0 {
		t.Errorf("of the three preparations that many have the option: %v", lines)
	}
	for _, dir := range []string{w.db.DataDir, filepath.Join(folder.Args.TmpDir, "full")} {
		w.db.StartOn(dir)
		if got := w.checked(); !maps.Equal(got, want) {
			t.Errorf("%s holds %v, want %v", dir, got, want)
		}
		w.db.Stop()
	}
}

// TestMySQLRefusals refuses what the tool itself would do, or fail at later.
func TestMySQLRefusals(t *testing.T) {
	t.Parallel()
	w := mysqlWorld(t, nil)
	w.start()
	w.succeeded(w.full("full"))
	w.succeeded(w.incremental("inc1", "full"))
	w.succeeded(w.incremental("inc2", "inc1"))
	id, err := w.client.RestoreBackup(w.ctx(), api.RestoreRequest{IDList: []string{"full", "inc2"}, Target: api.TargetFolder})
	if err == nil {
		w.failed(id, "backup 'inc2' stands on 'inc1', not on 'full'")
	} else {
		refused(t, err, 400, "inc2")
	}

	w.db.Exec("CREATE USER poor@localhost IDENTIFIED BY 'p'", "GRANT RELOAD, PROCESS, LOCK TABLES ON *.* TO poor@localhost")
	credentials, err := os.ReadFile(w.db.CredentialsFile)
	if err != nil {
		t.Fatal(err)
	}
	poor := strings.NewReplacer("user="+w.db.User, "user=poor", "password="+w.db.Password, "password=p").Replace(string(credentials))
	if err := os.WriteFile(w.db.CredentialsFile, []byte(poor), 0o600); err != nil {
		t.Fatal(err)
	}
	w.failed(w.full("poor"),
		"the backup user 'poor' lacks the privilege REPLICATION CLIENT, BACKUP_ADMIN, SELECT ON performance_schema.log_status",
		"run GRANT REPLICATION CLIENT, BACKUP_ADMIN ON *.* TO its account, and GRANT SELECT ON performance_schema.log_status TO its account")
	if err := os.WriteFile(w.db.CredentialsFile, credentials, 0o600); err != nil {
		t.Fatal(err)
	}

	for _, test := range []struct{ tool, want string }{
		{realTool(t),
			"which cannot back up MySQL 8.0.35-0ubuntu0.22.04.1: install the package percona-xtrabackup-80, " +
				"or correct backup_bin or db_type"},
		{xtrabackuptest.Install(t, xtrabackuptest.Versions[3].Tool),
			"xtrabackup 8.4.0-1 does not fit MySQL 8.0.35-0ubuntu0.22.04.1: install the package percona-xtrabackup-80"},
		{filepath.Join(w.dir, "nowhere"), "is not there: install the package percona-xtrabackup-80, or correct backup_bin"},
	} {
		w.stop()
		w.configure("backup_bin", test.tool)
		w.start()
		w.failed(w.full("misfit"), test.want)
	}
	if left := entries(t, w.backupDir); len(left) != 3 {
		t.Errorf("in the store: %v", left)
	}
}
