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
)

// options are those of storage/innobase/xtrabackup/src/xtrabackup.cc of each
// series, without the innodb_… ones that only mean something in an option
// file.
var options = []option{
	{"version", anyMode, noValue, v23, v84},
	{"target-dir", anyMode, aValue, v23, v84},
	{"datadir", anyMode, aValue, v23, v84},
	{"tmpdir", anyMode, aValue, v23, v84},
	{"parallel", anyMode, aValue, v23, v84},
	{"open-files-limit", anyMode, aValue, v23, v84},
	{"close-files", anyMode, noValue, v23, v84},
	{"core-file", anyMode, noValue, v23, v84},
	{"print-param", anyMode, noValue, v23, v84},
	{"strict", anyMode, noValue, v24, v84},
	{"server-id", anyMode, aValue, v24, v84},
	{"log-bin", anyMode, optionalValue, v23, v84},
	{"log-bin-index", anyMode, aValue, v80, v84},
	{"xtrabackup-plugin-dir", anyMode, aValue, v24, v84},
	{"plugin-load", anyMode, aValue, v80, v84},
	{"transition-key", anyMode, optionalValue, v24, v84},
	{"generate-transition-key", anyMode, noValue, v24, v84},
	{"keyring-file-data", anyMode, optionalValue, v24, v84},
	{"component-keyring-config", anyMode, optionalValue, v80, v84},
	{"component-keyring-file-config", anyMode, optionalValue, v80, v84},
	{"rocksdb-datadir", anyMode, aValue, v80, v84},
	{"rocksdb-wal-dir", anyMode, aValue, v80, v84},

	{"backup", modeBackup, noValue, v23, v84},
	{"user", modeBackup, aValue, v23, v84},
	{"password", modeBackup, optionalValue, v23, v84},
	{"host", modeBackup, aValue, v23, v84},
	{"port", modeBackup, aValue, v23, v84},
	{"socket", modeBackup, aValue, v23, v84},
	{"ssl", modeBackup, noValue, v23, v24},
	{"ssl-mode", modeBackup, aValue, v24, v84},
	{"ssl-ca", modeBackup, aValue, v23, v84},
	{"ssl-cert", modeBackup, aValue, v23, v84},
	{"ssl-key", modeBackup, aValue, v23, v84},
	{"secure-auth", modeBackup, noValue, v23, v24},
	{"server-public-key-path", modeBackup, aValue, v24, v84},
	{"get-server-public-key", modeBackup, noValue, v80, v84},
	{"incremental-basedir", modeBackup, aValue, v23, v84},
	{"incremental-lsn", modeBackup, aValue, v23, v84},
	{"incremental-history-name", modeBackup, aValue, v23, v84},
	{"incremental-history-uuid", modeBackup, aValue, v23, v84},
	{"incremental-force-scan", modeBackup, noValue, v23, v84},
	{"stream", modeBackup, aValue, v23, v84},
	{"extra-lsndir", modeBackup | modePrepare, aValue, v23, v84},
	{"throttle", modeBackup, aValue, v23, v84},
	{"log-copy-interval", modeBackup, aValue, v23, v84},
	{"compress", modeBackup, optionalValue, v23, v84},
	{"compress-threads", modeBackup, aValue, v23, v84},
	{"compress-chunk-size", modeBackup, aValue, v23, v84},
	{"compress-zstd-level", modeBackup, aValue, v80, v84},
	{"encrypt", modeBackup, aValue, v23, v84},
	{"encrypt-key", modeBackup, aValue, v23, v84},
	{"encrypt-key-file", modeBackup, aValue, v23, v84},
	{"encrypt-threads", modeBackup, aValue, v23, v84},
	{"encrypt-chunk-size", modeBackup, aValue, v23, v84},
	{"compact", modeBackup, noValue, v23, v24},
	{"tables", modeBackup, aValue, v23, v84},
	{"tables-file", modeBackup, aValue, v23, v84},
	{"tables-exclude", modeBackup, aValue, v23, v84},
	{"databases", modeBackup, aValue, v23, v84},
	{"databases-file", modeBackup, aValue, v23, v84},
	{"databases-exclude", modeBackup, aValue, v23, v84},
	{"galera-info", modeBackup, noValue, v23, v84},
	{"slave-info", modeBackup, noValue, v23, v84},
	{"binlog-info", modeBackup, aValue, v23, v24},
	{"page-tracking", modeBackup, noValue, v80, v84},
	{"history", modeBackup, optionalValue, v23, v84},
	{"rsync", modeBackup, noValue, v23, v84},
	{"no-lock", modeBackup, noValue, v23, v84},
	{"no-backup-locks", modeBackup, noValue, v23, v84},
	{"lock-ddl", modeBackup, optionalValue, v24, v84},
	{"lock-ddl-timeout", modeBackup, aValue, v24, v84},
	{"lock-ddl-per-table", modeBackup, noValue, v24, v84},
	{"backup-lock-timeout", modeBackup, aValue, v24, v84},
	{"backup-lock-retry-count", modeBackup, aValue, v24, v84},
	{"ftwrl-wait-timeout", modeBackup, aValue, v23, v84},
	{"ftwrl-wait-threshold", modeBackup, aValue, v23, v84},
	{"ftwrl-wait-query-type", modeBackup, aValue, v23, v84},
	{"kill-long-queries-timeout", modeBackup, aValue, v23, v84},
	{"kill-long-query-type", modeBackup, aValue, v23, v84},
	{"safe-slave-backup", modeBackup, noValue, v23, v84},
	{"safe-slave-backup-timeout", modeBackup, aValue, v23, v84},
	{"dump-innodb-buffer-pool", modeBackup, noValue, v24, v84},
	{"dump-innodb-buffer-pool-timeout", modeBackup, aValue, v24, v84},
	{"dump-innodb-buffer-pool-pct", modeBackup, aValue, v24, v84},
	{"no-version-check", modeBackup, noValue, v23, v84},
	{"no-server-version-check", modeBackup | modePrepare, noValue, v80, v84},
	{"tables-compatibility-check", modeBackup, noValue, v24, v84},
	{"check-privileges", modeBackup, noValue, v24, v84},
	{"read-buffer-size", modeBackup, optionalValue, v24, v84},
	{"redo-log-arch-dir", modeBackup, aValue, v80, v84},
	{"register-redo-log-consumer", modeBackup, noValue, v80, v84},
	{"estimate-memory", modeBackup, noValue, v80, v84},
	{"fifo-streams", modeBackup, aValue, v80, v84},
	{"fifo-dir", modeBackup, aValue, v80, v84},
	{"fifo-timeout", modeBackup, aValue, v80, v84},

	{"prepare", modePrepare, noValue, v23, v84},
	{"apply-log-only", modePrepare, noValue, v23, v84},
	{"incremental-dir", modePrepare, aValue, v23, v84},
	{"use-memory", modePrepare, aValue, v23, v84},
	{"use-free-memory-pct", modePrepare, aValue, v80, v84},
	{"export", modePrepare, noValue, v23, v84},
	{"rebuild-indexes", modePrepare, noValue, v23, v24},
	{"rebuild-threads", modePrepare, aValue, v23, v84},
	{"rollback-prepared-trx", modePrepare, noValue, v80, v84},

	{"copy-back", modeCopy, noValue, v23, v84},
	{"move-back", modeCopy, noValue, v23, v84},
	{"force-non-empty-directories", modeCopy, noValue, v23, v84},
	{"generate-new-master-key", modeCopy, noValue, v24, v84},
}
