package tool

import (
	"testing"

	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/testkit"
)

func TestSeries(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]string{
		"10.11.19-MariaDB":          "10.11",
		"10.11.6-MariaDB-0+deb12u1": "10.11",
		"8.0.35-31":                 "8.0",
		"8.4":                       "8.4",
		"11.4.2-MariaDB-1:11.4.2+maria~ubu2404-log": "11.4",
		"":      "",
		"eight": "",
		"8":     "",
	} {
		if got := server.Series(version); got != want {
			t.Errorf("series of %q is %q, want %q", version, got, want)
		}
	}
}

func TestVersionsAreCompared(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		version string
		least   []int
		want    bool
	}{
		{"8.0.24", []int{8, 0, 24}, true},
		{"8.0.23-14", []int{8, 0, 24}, false},
		{"8.0.110", []int{8, 0, 24}, true},
		{"8.4.0", []int{8, 0, 24}, true},
		{"9.1.0", []int{8, 4}, true},
		{"5.7.44-log", []int{8, 0}, false},
		{"8.0", []int{8, 0}, true},
		{"8.0", []int{8, 0, 1}, false},
		{"none", []int{5}, false},
	} {
		if got := server.AtLeast(test.version, test.least...); got != test.want {
			t.Errorf("%s at least %v: %t", test.version, test.least, got)
		}
	}
}

func TestToolFitsTheServer(t *testing.T) {
	t.Parallel()
	mariadb := func(version string) server.Info { return server.Info{Flavour: server.MariaDB, Version: version} }
	mysql := func(version string) server.Info { return server.Info{Flavour: server.MySQL, Version: version} }
	for _, test := range []struct {
		name, tool string
		server     server.Info
		want       string
	}{
		{"mariabackup", "10.11.19-MariaDB", mariadb("10.11.6-MariaDB-0+deb12u1"), ""},
		{"mariabackup", "10.6.18-MariaDB", mariadb("10.11.6-MariaDB"),
			"mariabackup 10.6.18-MariaDB does not fit MariaDB 10.11.6-MariaDB: install mariadb-backup 10.11 from the same source as the server"},
		{"mariabackup", "10.11.19-MariaDB", mariadb("10.1.48-MariaDB"), "install mariadb-backup 10.1 "},
		{"mariabackup", "10.11.19-MariaDB", mysql("8.0.36"),
			"mariabackup 10.11.19-MariaDB cannot back up MySQL 8.0.36: install the package percona-xtrabackup-80, or correct backup_bin"},
		{"mariabackup", "10.11.19-MariaDB", mysql("5.7.44"), "install the package percona-xtrabackup-24"},
		{"xtrabackup", "2.4.29", mariadb("10.3.39-MariaDB"),
			"xtrabackup 2.4.29 cannot back up MariaDB 10.3.39-MariaDB: install the package mariadb-backup, or correct backup_bin"},
		{"xtrabackup", "8.0.35-31", mariadb("10.11.6-MariaDB"), "install the package mariadb-backup"},
		{"xtrabackup", "2.3.10", mysql("5.6.51-log"), ""},
		{"xtrabackup", "2.4.29", mysql("5.6.51-log"), ""},
		{"xtrabackup", "8.0.35-31", mysql("5.6.51-log"),
			"xtrabackup 8.0.35-31 does not fit MySQL 5.6.51-log: install the package percona-xtrabackup-24"},
		{"xtrabackup", "2.4.29", mysql("5.7.44"), ""},
		{"xtrabackup", "2.3.10", mysql("5.7.44"), "install the package percona-xtrabackup-24"},
		{"xtrabackup", "8.0.35-31", mysql("8.0.36-28"), ""},
		{"xtrabackup", "2.4.29", mysql("8.0.36"), "install the package percona-xtrabackup-80"},
		{"xtrabackup", "8.4.0-1", mysql("8.0.36"), "install the package percona-xtrabackup-80"},
		{"xtrabackup", "8.0.35-31", mysql("8.4.2"), "xtrabackup 8.0.35-31 does not fit MySQL 8.4.2: install the package percona-xtrabackup-84"},
		{"xtrabackup", "8.4.0-1", mysql("8.4.2"), ""},
		{"xtrabackup", "9.1.0-1", mysql("9.1.0"), ""},
		{"xtrabackup", "8.4.0-1", mysql("9.1.0"), "install Percona XtraBackup 9.1"},
		{"xtrabackup", "9.7.2-2", mysql("9.7.4-2"), ""},
		{"xtrabackup", "8.4.0-8", mysql("9.7.4"), "xtrabackup 8.4.0-8 does not fit MySQL 9.7.4: install the package percona-xtrabackup-97"},
		{"xtrabackup", "9.7.2-2", mysql("8.4.2"), "install the package percona-xtrabackup-84"},
		{"xtrabackup", "9.7.2-2", mysql("26.7.0"), "MySQL 26.7.0 is newer than what is known here, and no XtraBackup 26.7 is known to copy " +
			"its files rightly: 9.7, which is supported for years, is the newest series that can be backed up"},
		{"xtrabackup", "26.10.0-1", mysql("26.10.1"), "dump this server instead, or look for a newer dbcalm-db-cmd"},
		{"mariabackup", "13.0.1-MariaDB", server.Info{Flavour: server.MariaDB, Version: "13.0.1-MariaDB", LogArchive: true},
			"MariaDB 13.0.1-MariaDB archives its redo log (innodb_log_archive), in a form that mariadb-backup cannot copy: " +
				"run SET GLOBAL innodb_log_archive=OFF"},
		{"mariabackup", "13.0.1-MariaDB", mariadb("13.0.1-MariaDB"), ""},
		{"xtrabackup", "unknown", mysql("8.0.36"), "install the package percona-xtrabackup-80"},
	} {
		err := Info{Name: test.name, Version: test.tool}.Fits(test.server)
		if test.want != "" {
			testkit.Says(t, err, test.want)
		} else if err != nil {
			t.Errorf("%s %s on %s: %v", test.name, test.tool, test.server.Version, err)
		}
	}
}
