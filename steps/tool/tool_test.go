package tool

import (
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/testkit"
)

func TestToolTellsWhoItIs(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		dbType, script string
		want           Info
		problem        string
	}{
		"mariabackup": {server.MariaDB, `echo "mariabackup based on MariaDB server 10.6.18-MariaDB debian-linux-gnu (x86_64)"`,
			Info{Name: "mariabackup", Version: "10.6.18-MariaDB"}, ""},
		"by its newer name": {server.MariaDB, `echo "/usr/bin/mariadb-backup based on MariaDB server 11.4.2-MariaDB Linux (x86_64)" >&2`,
			Info{Name: "mariabackup", Version: "11.4.2-MariaDB"}, ""},
		"xtrabackup 8": {server.MySQL, `echo "2024-01-01T00:00:00 0 [Note] recognized server arguments:" >&2; ` +
			`echo "xtrabackup version 8.0.35-31 based on MySQL server 8.0.35 Linux (x86_64) (revision id: 55ec21d7)" >&2`,
			Info{Name: "xtrabackup", Version: "8.0.35-31"}, ""},
		"xtrabackup 2.4": {server.MySQL,
			`echo "xtrabackup version 2.4.29 based on MySQL server 5.7.44 Linux (x86_64) (revision id: 2e6c0951)" >&2`,
			Info{Name: "xtrabackup", Version: "2.4.29"}, ""},
		"the other one": {server.MySQL, `echo "mariabackup based on MariaDB server 10.6.18-MariaDB"`, Info{},
			"is mariabackup 10.6.18-MariaDB, which cannot back up MySQL: install Percona XtraBackup of the server's series " +
				"(packages percona-xtrabackup-24, percona-xtrabackup-80, percona-xtrabackup-84, " +
				"percona-xtrabackup-97), or correct backup_bin or db_type"},
		"the other one's server": {server.MariaDB, `echo "xtrabackup version 8.0.35-31 based on MySQL server 8.0.35"`, Info{},
			"is xtrabackup 8.0.35-31, which cannot back up MariaDB: install the package mariadb-backup, or correct backup_bin or db_type"},
		"something else": {server.MariaDB, `echo "ls (GNU coreutils) 9.1"; echo more`, Info{},
			`is neither mariabackup nor xtrabackup: "ls (GNU coreutils) 9.1"; correct backup_bin`},
		"something talkative": {server.MariaDB, `printf '%0300d' 0`, Info{}, strings.Repeat("0", 200) + "…"},
		"mute":                {server.MariaDB, `exit 0`, Info{}, `is neither mariabackup nor xtrabackup: ""`},
		"broken":              {server.MariaDB, `exit 3`, Info{}, "for its version: exit status 3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newTool(t)
			h.Server.DBType, h.Bin = test.dbType, h.Script("tool", test.script+"\n")
			got, err := h.Find(t.Context(), "")
			if test.problem != "" {
				testkit.Says(t, err, h.Bin, test.problem)
				return
			}
			test.want.Path = h.Bin
			if err != nil || got != test.want {
				t.Errorf("got %+v, %v, want %+v", got, err, test.want)
			}
		})
	}
}

func TestToolIsMissing(t *testing.T) {
	t.Parallel()
	for dbType, advice := range map[string]string{
		server.MariaDB: "install the package mariadb-backup",
		server.MySQL: "install Percona XtraBackup of the server's series " +
			"(packages percona-xtrabackup-24, percona-xtrabackup-80, percona-xtrabackup-84, percona-xtrabackup-97)",
	} {
		h := newTool(t)
		h.Server.DBType, h.Bin = dbType, filepath.Join(h.Dir, "nowhere")
		_, err := h.Find(t.Context(), "")
		testkit.Says(t, err, "the backup tool "+h.Bin+" is not there: "+advice+", or correct backup_bin")
		h.Bin = h.Dir
		_, err = h.Find(t.Context(), "")
		testkit.Says(t, err, "is not there")
	}
	_, err := FindTool("oracle")
	testkit.Says(t, err, "on PATH")
}

func TestInstalledToolIsFound(t *testing.T) {
	t.Parallel()
	testkit.NeedsServer(t)
	h := newTool(t)
	got, err := h.Find(t.Context(), "")
	if err != nil || got.Name != "mariabackup" || !filepath.IsAbs(got.Path) || server.Series(got.Version) == "" {
		t.Errorf("got %+v, %v", got, err)
	}
}
