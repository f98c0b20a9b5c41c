package steps

import (
	"slices"
	"testing"
)

func TestGrants(t *testing.T) {
	t.Parallel()
	mariadb, binlog := ServerInfo{Flavour: MariaDB, Version: "10.11.6-MariaDB"}, ServerInfo{Flavour: MariaDB, Version: "10.11.6-MariaDB", Binlog: true}
	mysql56, mysql80 := ServerInfo{Flavour: MySQL, Version: "5.6.51-log"}, ServerInfo{Flavour: MySQL, Version: "8.0.36"}
	for name, test := range map[string]struct {
		server  ServerInfo
		grants  []string
		missing []string
	}{
		"MariaDB, all it takes": {mariadb, []string{
			"GRANT RELOAD, PROCESS ON *.* TO `backup`@`localhost` IDENTIFIED BY PASSWORD '*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19'"}, nil},
		"MariaDB, nothing": {mariadb, []string{
			"GRANT USAGE ON *.* TO `backup`@`localhost` IDENTIFIED BY PASSWORD '*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19'"}, []string{"RELOAD", "PROCESS"}},
		"MariaDB, one": {mariadb, []string{"GRANT PROCESS ON *.* TO `backup`@`localhost`"}, []string{"RELOAD"}},
		"MariaDB, of one database": {mariadb, []string{
			"GRANT USAGE ON *.* TO `backup`@`localhost`", "GRANT ALL PRIVILEGES ON `shop`.* TO `backup`@`localhost`",
			"GRANT RELOAD, PROCESS ON `*.* TO `.* TO `backup`@`localhost`"}, []string{"RELOAD", "PROCESS"}},
		"MariaDB, root": {binlog, []string{
			"GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` IDENTIFIED VIA mysql_native_password USING 'invalid' OR unix_socket WITH GRANT OPTION",
			"GRANT PROXY ON ''@'%' TO 'root'@'localhost' WITH GRANT OPTION"}, nil},
		"MariaDB, by its role": {mariadb, []string{
			"GRANT `backups` TO `backup`@`localhost`", "GRANT USAGE ON *.* TO `backup`@`localhost`",
			"GRANT RELOAD, PROCESS ON *.* TO `backups`"}, nil},
		"MariaDB with binary log, without its privilege": {binlog, []string{"GRANT RELOAD, PROCESS ON *.* TO `backup`@`localhost`"}, []string{"BINLOG MONITOR"}},
		"MariaDB with binary log":                        {binlog, []string{"GRANT RELOAD, PROCESS, BINLOG MONITOR ON *.* TO `backup`@`localhost`"}, nil},
		"MariaDB with binary log, older name":            {binlog, []string{"GRANT RELOAD, PROCESS, REPLICATION CLIENT ON *.* TO 'backup'@'localhost'"}, nil},
		"MySQL 5.6": {mysql56, []string{
			"GRANT RELOAD, PROCESS, LOCK TABLES, REPLICATION CLIENT ON *.* TO 'backup'@'localhost' IDENTIFIED BY PASSWORD '*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19'"}, nil},
		"MySQL 5.6, one missing": {mysql56, []string{"GRANT RELOAD, PROCESS, REPLICATION CLIENT ON *.* TO 'backup'@'localhost'"}, []string{"LOCK TABLES"}},
		"MySQL 8": {mysql80, []string{
			"GRANT RELOAD, PROCESS, LOCK TABLES, REPLICATION CLIENT ON *.* TO `backup`@`localhost`",
			"GRANT BACKUP_ADMIN ON *.* TO `backup`@`localhost`",
			"GRANT SELECT ON `performance_schema`.`log_status` TO `backup`@`localhost`"}, nil},
		"MySQL 8, the static ones only": {mysql80, []string{"GRANT RELOAD, PROCESS, LOCK TABLES, REPLICATION CLIENT ON *.* TO `backup`@`localhost`"}, []string{"BACKUP_ADMIN"}},
		"nothing at all":                {mysql80, nil, []string{"RELOAD", "PROCESS", "LOCK TABLES", "REPLICATION CLIENT", "BACKUP_ADMIN"}},
	} {
		if got := missingGrants(test.grants, neededGrants(test.server)); !slices.Equal(got, test.missing) {
			t.Errorf("%s: missing are %q, want %q", name, got, test.missing)
		}
	}
}
