package main

// A mode is what a command line makes the program do; options belong to some.
type mode int

const (
	modeBackup mode = 1 << iota
	modePrepare
	modeCopy
	anyMode = modeBackup | modePrepare | modeCopy
)

// Whether an option takes a value.
const (
	noValue = iota
	aValue
	optionalValue
)

// option is one of the tool's; first and last are the ages of the series that
// have it.
type option struct {
	name        string
	modes       mode
	value       int
	first, last int
}

// The ages, for the table.
const (
	v23 = iota
	v24
	v80
	v84
	v97
)

// options are those of storage/innobase/xtrabackup/src/xtrabackup.cc of each
// series, without the innodb_… ones that only mean something in an option
// file.
var options = []option{
	{"version", anyMode, noValue, v23, v97},
	{"help", anyMode, noValue, v23, v97},
	{"target-dir", anyMode, aValue, v23, v97},
	{"datadir", anyMode, aValue, v23, v97},
	{"tmpdir", anyMode, aValue, v23, v97},
	{"parallel", anyMode, aValue, v23, v97},
	{"open-files-limit", anyMode, aValue, v23, v97},
	{"close-files", anyMode, noValue, v23, v97},
	{"core-file", anyMode, noValue, v23, v97},
	{"print-param", anyMode, noValue, v23, v97},
	{"strict", anyMode, noValue, v24, v97},
	{"server-id", anyMode, aValue, v24, v97},
	{"log-bin", anyMode, optionalValue, v23, v97},
	{"log-bin-index", anyMode, aValue, v80, v97},
	{"xtrabackup-plugin-dir", anyMode, aValue, v24, v97},
	{"plugin-load", anyMode, aValue, v80, v97},
	{"transition-key", anyMode, optionalValue, v24, v97},
	{"generate-transition-key", anyMode, noValue, v24, v97},
	{"keyring-file-data", anyMode, optionalValue, v24, v97},
	{"component-keyring-config", anyMode, optionalValue, v80, v97},
	{"component-keyring-file-config", anyMode, optionalValue, v80, v97},
	{"rocksdb-datadir", anyMode, aValue, v80, v97},
	{"rocksdb-wal-dir", anyMode, aValue, v80, v97},

	{"backup", modeBackup, noValue, v23, v97},
	{"user", modeBackup, aValue, v23, v97},
	{"password", modeBackup, optionalValue, v23, v97},
	{"host", modeBackup, aValue, v23, v97},
	{"port", modeBackup, aValue, v23, v97},
	{"socket", modeBackup, aValue, v23, v97},
	{"ssl", modeBackup, noValue, v23, v24},
	{"ssl-mode", modeBackup, aValue, v24, v97},
	{"ssl-ca", modeBackup, aValue, v23, v97},
	{"ssl-cert", modeBackup, aValue, v23, v97},
	{"ssl-key", modeBackup, aValue, v23, v97},
	{"secure-auth", modeBackup, noValue, v23, v24},
	{"server-public-key-path", modeBackup, aValue, v24, v97},
	{"get-server-public-key", modeBackup, noValue, v80, v97},
	{"incremental-basedir", modeBackup, aValue, v23, v97},
	{"incremental-lsn", modeBackup, aValue, v23, v97},
	{"incremental-history-name", modeBackup, aValue, v23, v97},
	{"incremental-history-uuid", modeBackup, aValue, v23, v97},
	{"incremental-force-scan", modeBackup, noValue, v23, v97},
	{"stream", modeBackup, aValue, v23, v97},
	{"extra-lsndir", modeBackup | modePrepare, aValue, v23, v97},
	{"throttle", modeBackup, aValue, v23, v97},
	{"log-copy-interval", modeBackup, aValue, v23, v97},
	{"compress", modeBackup, optionalValue, v23, v97},
	{"compress-threads", modeBackup, aValue, v23, v97},
	{"compress-chunk-size", modeBackup, aValue, v23, v97},
	{"compress-zstd-level", modeBackup, aValue, v80, v97},
	{"encrypt", modeBackup, aValue, v23, v97},
	{"encrypt-key", modeBackup, aValue, v23, v97},
	{"encrypt-key-file", modeBackup, aValue, v23, v97},
	{"encrypt-threads", modeBackup, aValue, v23, v97},
	{"encrypt-chunk-size", modeBackup, aValue, v23, v97},
	{"compact", modeBackup, noValue, v23, v24},
	{"tables", modeBackup, aValue, v23, v97},
	{"tables-file", modeBackup, aValue, v23, v97},
	{"tables-exclude", modeBackup, aValue, v23, v97},
	{"databases", modeBackup, aValue, v23, v97},
	{"databases-file", modeBackup, aValue, v23, v97},
	{"databases-exclude", modeBackup, aValue, v23, v97},
	{"galera-info", modeBackup, noValue, v23, v97},
	{"slave-info", modeBackup, noValue, v23, v97},
	{"binlog-info", modeBackup, aValue, v23, v24},
	{"page-tracking", modeBackup, noValue, v80, v97},
	{"history", modeBackup, optionalValue, v23, v97},
	{"rsync", modeBackup, noValue, v23, v97},
	{"no-lock", modeBackup, noValue, v23, v97},
	{"no-backup-locks", modeBackup, noValue, v23, v97},
	{"lock-ddl", modeBackup, optionalValue, v24, v97},
	{"lock-ddl-timeout", modeBackup, aValue, v24, v97},
	{"lock-ddl-per-table", modeBackup, noValue, v24, v97},
	{"backup-lock-timeout", modeBackup, aValue, v24, v97},
	{"backup-lock-retry-count", modeBackup, aValue, v24, v97},
	{"ftwrl-wait-timeout", modeBackup, aValue, v23, v97},
	{"ftwrl-wait-threshold", modeBackup, aValue, v23, v97},
	{"ftwrl-wait-query-type", modeBackup, aValue, v23, v97},
	{"kill-long-queries-timeout", modeBackup, aValue, v23, v97},
	{"kill-long-query-type", modeBackup, aValue, v23, v97},
	{"safe-slave-backup", modeBackup, noValue, v23, v97},
	{"safe-slave-backup-timeout", modeBackup, aValue, v23, v97},
	{"dump-innodb-buffer-pool", modeBackup, noValue, v24, v97},
	{"dump-innodb-buffer-pool-timeout", modeBackup, aValue, v24, v97},
	{"dump-innodb-buffer-pool-pct", modeBackup, aValue, v24, v97},
	{"no-version-check", modeBackup, noValue, v23, v97},
	{"no-server-version-check", modeBackup | modePrepare, noValue, v80, v97},
	{"tables-compatibility-check", modeBackup, noValue, v24, v97},
	{"check-privileges", modeBackup, noValue, v24, v97},
	{"read-buffer-size", modeBackup, optionalValue, v24, v97},
	{"redo-log-arch-dir", modeBackup, aValue, v80, v97},
	{"register-redo-log-consumer", modeBackup, noValue, v80, v97},
	{"estimate-memory", modeBackup, noValue, v80, v97},
	{"fifo-streams", modeBackup, aValue, v80, v97},
	{"fifo-dir", modeBackup, aValue, v80, v97},
	{"fifo-timeout", modeBackup, aValue, v80, v97},

	{"prepare", modePrepare, noValue, v23, v97},
	{"apply-log-only", modePrepare, noValue, v23, v97},
	{"incremental-dir", modePrepare, aValue, v23, v97},
	{"use-memory", modePrepare, aValue, v23, v97},
	{"use-free-memory-pct", modePrepare, aValue, v80, v97},
	{"export", modePrepare, noValue, v23, v97},
	{"rebuild-indexes", modePrepare, noValue, v23, v24},
	{"rebuild-threads", modePrepare, aValue, v23, v97},
	{"rollback-prepared-trx", modePrepare, noValue, v80, v97},

	{"copy-back", modeCopy, noValue, v23, v97},
	{"move-back", modeCopy, noValue, v23, v97},
	{"force-non-empty-directories", modeCopy, noValue, v23, v97},
	{"generate-new-master-key", modeCopy, noValue, v24, v97},
}
