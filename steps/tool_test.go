package steps

import (
	"path/filepath"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
)

func TestToolTellsWhoItIs(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		dbType, script string
		want           ToolInfo
		problem        string
	}{
		"mariabackup":            {MariaDB, `echo "mariabackup based on MariaDB server 10.6.18-MariaDB debian-linux-gnu (x86_64)"`, ToolInfo{Name: "mariabackup", Version: "10.6.18-MariaDB"}, ""},
		"by its newer name":      {MariaDB, `echo "/usr/bin/mariadb-backup based on MariaDB server 11.4.2-MariaDB Linux (x86_64)" >&2`, ToolInfo{Name: "mariabackup", Version: "11.4.2-MariaDB"}, ""},
		"xtrabackup 8":           {MySQL, `echo "2024-01-01T00:00:00 0 [Note] recognized server arguments:" >&2; echo "xtrabackup version 8.0.35-31 based on MySQL server 8.0.35 Linux (x86_64) (revision id: 55ec21d7)" >&2`, ToolInfo{Name: "xtrabackup", Version: "8.0.35-31"}, ""},
		"xtrabackup 2.4":         {MySQL, `echo "xtrabackup version 2.4.29 based on MySQL server 5.7.44 Linux (x86_64) (revision id: 2e6c0951)" >&2`, ToolInfo{Name: "xtrabackup", Version: "2.4.29"}, ""},
		"the other one":          {MySQL, `echo "mariabackup based on MariaDB server 10.6.18-MariaDB"`, ToolInfo{}, "is mariabackup 10.6.18-MariaDB, which cannot back up MySQL: install Percona XtraBackup of the server's series (packages percona-xtrabackup-24, percona-xtrabackup-80, percona-xtrabackup-84), or correct backup_bin or db_type"},
		"the other one's server": {MariaDB, `echo "xtrabackup version 8.0.35-31 based on MySQL server 8.0.35"`, ToolInfo{}, "is xtrabackup 8.0.35-31, which cannot back up MariaDB: install the package mariadb-backup, or correct backup_bin or db_type"},
		"something else":         {MariaDB, `echo "ls (GNU coreutils) 9.1"; echo more`, ToolInfo{}, `is neither mariabackup nor xtrabackup: "ls (GNU coreutils) 9.1"; correct backup_bin`},
		"something talkative":    {MariaDB, `printf '%0300d' 0`, ToolInfo{}, strings.Repeat("0", 200) + "…"},
		"mute":                   {MariaDB, `exit 0`, ToolInfo{}, `is neither mariabackup nor xtrabackup: ""`},
		"broken":                 {MariaDB, `exit 3`, ToolInfo{}, "for its version: exit status 3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t)
			h.DBType, h.BackupBin = test.dbType, h.Script("tool", test.script+"\n")
			got, err := h.tool(t.Context(), "")
			if test.problem != "" {
				testkit.Says(t, err, h.BackupBin, test.problem)
				return
			}
			test.want.Path = h.BackupBin
			if err != nil || got != test.want {
				t.Errorf("got %+v, %v, want %+v", got, err, test.want)
			}
		})
	}
}

func TestToolIsMissing(t *testing.T) {
	t.Parallel()
	for dbType, advice := range map[string]string{MariaDB: "install the package mariadb-backup", MySQL: "install Percona XtraBackup of the server's series (packages percona-xtrabackup-24, percona-xtrabackup-80, percona-xtrabackup-84)"} {
		h := newHost(t)
		h.DBType, h.BackupBin = dbType, filepath.Join(h.Dir, "nowhere")
		_, err := h.tool(t.Context(), "")
		testkit.Says(t, err, "the backup tool "+h.BackupBin+" is not there: "+advice+", or correct backup_bin")
		h.BackupBin = h.Dir
		_, err = h.tool(t.Context(), "")
		testkit.Says(t, err, "is not there")
	}
	_, err := findTool("oracle")
	testkit.Says(t, err, "on PATH")
}

func TestInstalledToolIsFound(t *testing.T) {
	t.Parallel()
	testkit.NeedsServer(t)
	h := newHost(t)
	got, err := h.tool(t.Context(), "")
	if err != nil || got.Name != "mariabackup" || !filepath.IsAbs(got.Path) || series(got.Version) == "" {
		t.Errorf("got %+v, %v", got, err)
	}
}
