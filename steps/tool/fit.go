package tool

import (
	"fmt"
	"slices"

	"dbcalm-db-cmd/steps/server"
)

// xtrabackupSeries are the tool's series for each series of MySQL and Percona
// Server, as far as they are known. None works across these.
// https://docs.percona.com/percona-xtrabackup/8.4/server-backup-version-comparison.html
// https://docs.percona.com/percona-xtrabackup/9.7/release-notes/9.7.2-2.html
var xtrabackupSeries = map[string][]string{"5.6": {"2.3", "2.4"}, "5.7": {"2.4"}, "8.0": {"8.0"}, "8.4": {"8.4"}, "9.7": {"9.7"}}

// xtrabackupPackages are what Percona calls its packages; the one for 2.3 was
// percona-xtrabackup, of distributions that are long gone.
var xtrabackupPackages = map[string]string{"5.6": "percona-xtrabackup-24", "5.7": "percona-xtrabackup-24",
	"8.0": "percona-xtrabackup-80", "8.4": "percona-xtrabackup-84", "9.7": "percona-xtrabackup-97"}

// toolAdvice says what to install for a server; version is empty where it is
// not known.
func toolAdvice(dbType, version string) string {
	if dbType == server.MariaDB {
		return "install the package mariadb-backup"
	}
	if name, known := xtrabackupPackages[server.Series(version)]; known {
		return "install the package " + name
	}
	if version == "" {
		return "install Percona XtraBackup of the server's series (packages percona-xtrabackup-24, percona-xtrabackup-80, " +
			"percona-xtrabackup-84, percona-xtrabackup-97)"
	}
	return "install Percona XtraBackup " + server.Series(version)
}

// ProductNames are how people call the servers.
var ProductNames = map[string]string{server.MariaDB: "MariaDB", server.MySQL: "MySQL"}

// Fits refuses a tool of another kind or series than the server's, whose files
// it may misread without a word.
func (t Info) Fits(info server.Info) error {
	product := ProductNames[info.Flavour] + " " + info.Version
	if toolFor[info.Flavour] != t.Name {
		return fmt.Errorf("%s %s cannot back up %s: %s, or correct backup_bin",
			t.Name, t.Version, product, toolAdvice(info.Flavour, info.Version))
	}
	if info.Flavour == server.MySQL && server.AtLeast(info.Version, 9, 8) {
		// MySQL 26.7 and later.
		return fmt.Errorf("%s is newer than what is known here, and no XtraBackup %s is known to copy its files rightly: "+
			"9.7, which is supported for years, is the newest series that can be backed up; dump this server instead, "+
			"or look for a newer dbcalm-db-cmd", product, server.Series(info.Version))
	}
	if info.LogArchive {
		return fmt.Errorf("%s archives its redo log (innodb_log_archive), in a form that mariadb-backup cannot copy: "+
			"run SET GLOBAL innodb_log_archive=OFF, and take it out of the server's option file", product)
	}
	want := server.Series(info.Version)
	fit, known := []string{want}, true
	if t.Name == "xtrabackup" {
		if fit, known = xtrabackupSeries[want]; !known {
			fit = []string{want}
		}
	}
	if slices.Contains(fit, server.Series(t.Version)) {
		return nil
	}
	if t.Name == "xtrabackup" {
		return fmt.Errorf("xtrabackup %s does not fit %s: %s", t.Version, product, toolAdvice(server.MySQL, info.Version))
	}
	return fmt.Errorf("mariabackup %s does not fit %s: install mariadb-backup %s from the same source as the server", t.Version, product, want)
}
