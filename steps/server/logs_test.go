package server

import (
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
)

// What newer servers do with their logs is known before a backup of them.
// https://mariadb.com/docs/server/server-usage/storage-engines/innodb/innodb-log-archiving
// https://mariadb.com/docs/server/server-management/server-monitoring-logs/binary-log/innodb-based-binary-log
func TestLogsOfNewerServers(t *testing.T) {
	t.Parallel()
	const base, archive = "SHOW GLOBAL VARIABLES LIKE 'log_bin_basename'", "SHOW GLOBAL VARIABLES LIKE 'innodb_log_archive'"
	const engine, dirs = "SHOW GLOBAL VARIABLES LIKE 'binlog_storage_engine'", "SHOW GLOBAL VARIABLES LIKE 'innodb_redo_log_archive_dirs'"
	for name, test := range map[string]struct {
		flavour string
		answers map[string]any
		want    Info
		note    string
	}{
		"MariaDB 13.0": {MariaDB,
			map[string]any{archive: [][]string{{"innodb_log_archive", "ON"}}, engine: [][]string{{"binlog_storage_engine", ""}}},
			Info{LogArchive: true}, ""},
		"MariaDB 12.3": {MariaDB, map[string]any{archive: []string{}, engine: [][]string{{"binlog_storage_engine", "innodb"}}},
			Info{BinlogEngine: "innodb"}, "; its binary log is written by innodb (.ibb files): it is backed up and comes back with the tables, " +
				"and a replica begins by GTID, not by file and position"},
		"MariaDB 11.8": {MariaDB, map[string]any{archive: []string{}, engine: []string{}}, Info{}, ""},
		"Percona Server 5.6, whose variable means another thing": {MySQL,
			map[string]any{archive: [][]string{{"innodb_log_archive", "ON"}}, dirs: []string{}}, Info{}, ""},
		"MySQL 9.7": {MySQL, map[string]any{dirs: [][]string{{"innodb_redo_log_archive_dirs", "a:/redo"}}}, Info{RedoArchive: "a:/redo"}, ""},
		"a binary log elsewhere": {MySQL, map[string]any{base: [][]string{{"log_bin_basename", "/var/log/mysql/b"}}, dirs: []string{}},
			Info{BinlogFolder: "/var/log/mysql"}, ""},
		"a binary log in a folder of the data directory": {MySQL,
			map[string]any{base: [][]string{{"log_bin_basename", "/data/logs/b"}}, dirs: []string{}}, Info{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := Info{Flavour: test.flavour, Binlog: true, DataDir: "/data/"}
			if _, asked := test.answers[base]; !asked {
				test.answers[base] = [][]string{{"log_bin_basename", "/data/b"}}
			}
			NewConn(testkit.Recorded(t, test.answers)).askLogs(t.Context(), &got)
			if got.LogArchive != test.want.LogArchive || got.BinlogEngine != test.want.BinlogEngine ||
				got.RedoArchive != test.want.RedoArchive ||
				got.BinlogFolder != test.want.BinlogFolder {
				t.Errorf("got %+v", got)
			}
			if note := got.BinlogNote("; "); note != test.note {
				t.Errorf("it is noted %q", note)
			}
			got.Binlog = false
			if note := got.BinlogNote("; "); strings.Contains(note, "binary log") {
				t.Errorf("without a binary log it is noted %q", note)
			}
		})
	}
}

func TestServerThatTracksPages(t *testing.T) {
	t.Parallel()
	const ask = "SHOW GLOBAL STATUS LIKE 'mysqlbackup.component_version'"
	for name, test := range map[string]struct {
		answer any
		want   bool
	}{
		"with the component":    {[][]string{{"mysqlbackup.component_version", "8.4.6"}}, true},
		"without":               {[]string{}, false},
		"one that does not say": {errAsked, false},
	} {
		if got := NewConn(testkit.Recorded(t, map[string]any{ask: test.answer})).TracksPages(t.Context()); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
