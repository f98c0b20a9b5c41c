package wire

// The names of the commands. The first four are what other programs send, the
// others are the daemon's own.
const (
	FullBackupCommand        = "full_backup"
	IncrementalBackupCommand = "incremental_backup"
	RestoreBackupCommand     = "restore_backup"
	DeleteBackupCommand      = "delete_backup"
	VerifyBackupCommand      = "verify_backup"
	BackupListCommand        = "backup_list"
	BackupRebuildCommand     = "backup_rebuild"
	PruneBackupsCommand      = "prune_backups"
	OperationListCommand     = "operation_list"
	OperationShowCommand     = "operation_show"
	OperationCancelCommand   = "operation_cancel"
	OperationRetryCommand    = "operation_retry"
	OperationWatchCommand    = "operation_watch"
	OperationLogsCommand     = "operation_logs"
	DaemonShowCommand        = "daemon_show"
)
