package server

import (
	"slices"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
)

func TestGrants(t *testing.T) {
	t.Parallel()
	mariadb, binlog := Info{Flavour: MariaDB, Version: "10.11.6-MariaDB"}, Info{Flavour: MariaDB, Version: "10.11.6-MariaDB", Binlog: true}
	mysql56, mysql80 := Info{Flavour: MySQL, Version: "5.6.51-log"}, Info{Flavour: MySQL, Version: "8.0.36"}
	old80, archiving := Info{Flavour: MySQL, Version: "8.0.22"}, Info{Flavour: MySQL, Version: "8.4.3", RedoArchive: "backup:/var/redo"}
	const static = "GRANT RELOAD, PROCESS, LOCK TABLES, REPLICATION CLIENT ON *.* TO `backup`@`localhost`"
	tables := []string{"SELECT ON performance_schema.log_status", "SELECT ON performance_schema.replication_group_members",
		"SELECT ON performance_schema.keyring_component_status"}
	for name, test := range map[string]struct {
		server  Info
		grants  []string
		missing []string
	}{
		"MariaDB, all it takes": {mariadb, []string{
			"GRANT RELOAD, PROCESS ON *.* TO `backup`@`localhost` IDENTIFIED BY PASSWORD '*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19'"}, nil},
		"MariaDB, nothing": {mariadb, []string{
			"GRANT USAGE ON *.* TO `backup`@`localhost` IDENTIFIED BY PASSWORD '*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19'"},
			[]string{"RELOAD", "PROCESS"}},
		"MariaDB, one": {mariadb, []string{"GRANT PROCESS ON *.* TO `backup`@`localhost`"}, []string{"RELOAD"}},
		"MariaDB, of one database": {mariadb, []string{
			"GRANT USAGE ON *.* TO `backup`@`localhost`", "GRANT ALL PRIVILEGES ON `shop`.* TO `backup`@`localhost`",
			"GRANT RELOAD, PROCESS ON `*.* TO `.* TO `backup`@`localhost`"}, []string{"RELOAD", "PROCESS"}},
		"MariaDB, root": {binlog, []string{
			"GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` " +
				"IDENTIFIED VIA mysql_native_password USING 'invalid' OR unix_socket WITH GRANT OPTION",
			"GRANT PROXY ON ''@'%' TO 'root'@'localhost' WITH GRANT OPTION"}, nil},
		"MariaDB, by its role": {mariadb, []string{
			"GRANT `backups` TO `backup`@`localhost`", "GRANT USAGE ON *.* TO `backup`@`localhost`",
			"GRANT RELOAD, PROCESS ON *.* TO `backups`"}, nil},
		"MariaDB with binary log, without its privilege": {binlog, []string{"GRANT RELOAD, PROCESS ON *.* TO `backup`@`localhost`"},
			[]string{"BINLOG MONITOR"}},
		"MariaDB with binary log": {binlog,
			[]string{"GRANT RELOAD, PROCESS, BINLOG MONITOR ON *.* TO `backup`@`localhost`"}, nil},
		"MariaDB with binary log, older name": {binlog,
			[]string{"GRANT RELOAD, PROCESS, REPLICATION CLIENT ON *.* TO 'backup'@'localhost'"}, nil},
		"MySQL 5.6": {mysql56, []string{
			"GRANT RELOAD, PROCESS, LOCK TABLES, REPLICATION CLIENT ON *.* TO 'backup'@'localhost' " +
				"IDENTIFIED BY PASSWORD '*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19'"}, nil},
		"MySQL 5.6, one missing": {mysql56, []string{"GRANT RELOAD, PROCESS, REPLICATION CLIENT ON *.* TO 'backup'@'localhost'"},
			[]string{"LOCK TABLES"}},
		"MySQL 5.7, root": {mysql56, []string{
			"GRANT ALL PRIVILEGES ON *.* TO 'root'@'localhost' WITH GRANT OPTION",
			"GRANT PROXY ON ''@'' TO 'root'@'localhost' WITH GRANT OPTION"}, nil},
		"MySQL 8": {mysql80, []string{static,
			"GRANT BACKUP_ADMIN ON *.* TO `backup`@`localhost`",
			"GRANT SELECT ON `performance_schema`.`keyring_component_status` TO `backup`@`localhost`",
			"GRANT SELECT ON `performance_schema`.`log_status` TO `backup`@`localhost`",
			"GRANT SELECT ON `performance_schema`.`replication_group_members` TO `backup`@`localhost`"}, nil},
		"MySQL 8, a whole schema": {mysql80,
			[]string{static, "GRANT AUDIT_ADMIN,BACKUP_ADMIN,CLONE_ADMIN ON *.* TO `backup`@`localhost` WITH GRANT OPTION",
				"GRANT SELECT, INSERT ON `performance\\_schema`.* TO `backup`@`localhost`"}, nil},
		"MySQL 8, one column of a table": {mysql80, []string{static, "GRANT BACKUP_ADMIN ON *.* TO `backup`@`localhost`",
			"GRANT SELECT (`LOCAL`, `STORAGE_ENGINES`), INSERT ON `performance_schema`.`log_status` TO `backup`@`localhost`",
			"GRANT SELECT ON `performance_schema`.`keyring_component_status` TO `backup`@`localhost`"}, tables[:2]},
		"MySQL 8, root": {mysql80, []string{
			"GRANT SELECT, INSERT, RELOAD, SHUTDOWN, PROCESS, FILE, LOCK TABLES, REPLICATION SLAVE, REPLICATION CLIENT, " +
				"CREATE ROLE, DROP ROLE ON *.* TO `root`@`localhost` WITH GRANT OPTION",
			"GRANT APPLICATION_PASSWORD_ADMIN,BACKUP_ADMIN,INNODB_REDO_LOG_ARCHIVE,XA_RECOVER_ADMIN ON *.* TO `root`@`localhost` WITH GRANT OPTION",
			"GRANT PROXY ON ``@`` TO `root`@`localhost` WITH GRANT OPTION"}, nil},
		"MySQL 8, all but that schema": {mysql80, []string{
			"GRANT SELECT, RELOAD, PROCESS, LOCK TABLES, REPLICATION CLIENT ON *.* TO `backup`@`localhost`",
			"GRANT BACKUP_ADMIN ON *.* TO `backup`@`localhost`",
			"REVOKE SELECT ON `performance_schema`.* FROM `backup`@`localhost`"}, tables},
		"MySQL 8, a routine of that name": {mysql80, []string{static, "GRANT BACKUP_ADMIN ON *.* TO `backup`@`localhost`",
			"GRANT SELECT ON `performance_schema`.* TO `backup`@`localhost`", "GRANT EXECUTE ON FUNCTION `a`.`b` TO `backup`@`localhost`"}, nil},
		"MySQL 8, quoted as ANSI_QUOTES does": {mysql80,
			[]string{`GRANT RELOAD, PROCESS, LOCK TABLES, REPLICATION CLIENT ON *.* TO "backup"@"localhost"`,
				`GRANT BACKUP_ADMIN ON *.* TO "backup"@"localhost"`, `GRANT SELECT ON "performance_schema".* TO "backup"@"localhost"`}, nil},
		"MySQL 8, before keyring components": {old80, []string{static, "GRANT BACKUP_ADMIN ON *.* TO `backup`@`localhost`"}, tables[:2]},
		"MySQL 8.4, archiving its redo log": {archiving, []string{static, "GRANT BACKUP_ADMIN ON *.* TO `backup`@`localhost`",
			"GRANT SELECT ON `performance_schema`.* TO `backup`@`localhost`"}, []string{"INNODB_REDO_LOG_ARCHIVE"}},
		"MySQL 8, the static ones only": {mysql80, []string{static}, append([]string{"BACKUP_ADMIN"}, tables...)},
		"nothing at all": {mysql80, nil,
			append([]string{"RELOAD", "PROCESS", "LOCK TABLES", "REPLICATION CLIENT", "BACKUP_ADMIN"}, tables...)},
	} {
		var missing []string
		for _, p := range missingGrants(test.grants, NeededGrants(test.server)) {
			name, _ := grantAdvice([]Privilege{p})
			missing = append(missing, name)
		}
		if !slices.Equal(missing, test.missing) {
			t.Errorf("%s: missing are %q, want %q", name, missing, test.missing)
		}
	}
}

func TestMissingGrantsAreNamed(t *testing.T) {
	t.Parallel()
	const static = "GRANT RELOAD, PROCESS, REPLICATION CLIENT ON *.* TO `backup`@`localhost`"
	mysql80 := Info{Flavour: MySQL, Version: "8.0.36"}
	for name, test := range map[string]struct {
		server Info
		answer map[string]any
		want   string
	}{
		"of every kind": {mysql80, map[string]any{"SHOW GRANTS": []string{static}},
			"the backup user 'backup' lacks the privilege LOCK TABLES, BACKUP_ADMIN, SELECT ON performance_schema.log_status, " +
				"SELECT ON performance_schema.replication_group_members, SELECT ON performance_schema.keyring_component_status: " +
				"run GRANT LOCK TABLES, BACKUP_ADMIN ON *.* TO its account, " +
				"and GRANT SELECT ON performance_schema.log_status TO its account, and GRANT"},
		"of a table": {mysql80, map[string]any{"SHOW GRANTS": []string{
			"GRANT RELOAD, PROCESS, LOCK TABLES, REPLICATION CLIENT ON *.* TO `backup`@`localhost`",
			"GRANT BACKUP_ADMIN ON *.* TO `backup`@`localhost`",
			"GRANT SELECT ON `performance_schema`.`keyring_component_status` TO `backup`@`localhost`",
			"GRANT SELECT ON `performance_schema`.`log_status` TO `backup`@`localhost`"}},
			"lacks the privilege SELECT ON performance_schema.replication_group_members: " +
				"run GRANT SELECT ON performance_schema.replication_group_members TO its account"},
		"by a role that is active": {mysql80, map[string]any{
			"SHOW GRANTS":           []string{"GRANT USAGE ON *.* TO `backup`@`localhost`", "GRANT `backups`@`%` TO `backup`@`localhost`"},
			"SELECT CURRENT_ROLE()": []string{"`backups`@`%`"},
			"SHOW GRANTS FOR CURRENT_USER() USING `backups`@`%`": []string{
				"GRANT RELOAD, PROCESS, LOCK TABLES, REPLICATION CLIENT ON *.* TO `backup`@`localhost`",
				"GRANT BACKUP_ADMIN ON *.* TO `backup`@`localhost`",
				"GRANT SELECT ON `performance_schema`.* TO `backup`@`localhost`", "GRANT `backups`@`%` TO `backup`@`localhost`"}}, ""},
		"by a role that is not": {mysql80, map[string]any{
			"SHOW GRANTS": []string{"GRANT USAGE ON *.* TO `backup`@`localhost`",
				"GRANT `backups`@`%`,`more`@`%` TO `backup`@`localhost`"},
			"SELECT CURRENT_ROLE()": []string{"NONE"}},
			"; its role `backups`@`%`, `more`@`%` is not active when it logs in: SET DEFAULT ROLE ALL TO its account may be all it takes"},
		"no answer": {mysql80, map[string]any{"SHOW GRANTS": errAsked}, "ask the server for the backup user's grants"},
		"no role's name": {mysql80, map[string]any{"SHOW GRANTS": []string{"GRANT `r`@`%` TO `b`@`h`"}, "SELECT CURRENT_ROLE()": errAsked},
			"ask the server for the backup user's roles"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := NewConn(testkit.Recorded(t, test.answer)).CheckGrants(t.Context(), test.server, "backup")
			if test.want != "" {
				testkit.Says(t, err, test.want)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}
