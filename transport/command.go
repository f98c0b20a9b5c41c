package transport

import "context"

// command answers one command of the wire. It reads all arguments before it
// calls the service.
type command func(ctx context.Context, service Service, args *arguments) (reply, error)

// The names of the commands. The first four are what other programs send, the
// others are the daemon's own.
const (
	fullBackupCommand        = "full_backup"
	incrementalBackupCommand = "incremental_backup"
	restoreBackupCommand     = "restore_backup"
	deleteBackupCommand      = "delete_backup"
	verifyBackupCommand      = "verify_backup"
	backupListCommand        = "backup_list"
	backupRebuildCommand     = "backup_rebuild"
	pruneBackupsCommand      = "prune_backups"
	operationListCommand     = "operation_list"
	operationShowCommand     = "operation_show"
	operationCancelCommand   = "operation_cancel"
	operationRetryCommand    = "operation_retry"
	operationWatchCommand    = "operation_watch"
	operationLogsCommand     = "operation_logs"
	daemonShowCommand        = "daemon_show"
)

var commands = map[string]command{
	fullBackupCommand:        fullBackup,
	incrementalBackupCommand: incrementalBackup,
	restoreBackupCommand:     restoreBackup,
	deleteBackupCommand:      deleteBackup,
	verifyBackupCommand:      verifyBackup,
	backupListCommand:        backupList,
	backupRebuildCommand:     backupRebuild,
	pruneBackupsCommand:      pruneBackups,
	operationListCommand:     operationList,
	operationShowCommand:     operationShow,
	operationWatchCommand:    operationWatch,
	operationLogsCommand:     operationLogs,
	operationCancelCommand:   operationCancel,
	operationRetryCommand:    operationRetry,
}

// The names of the arguments.
const (
	argID           = "id"
	argFromBackupID = "from_backup_id"
	argScheduleID   = "schedule_id"
	argIDList       = "id_list"
	argTarget       = "target"
	argLevel        = "level"
	argPrune        = "prune"
	argFollow       = "follow"
	argPlan         = "plan"
	argDryRun       = "dry_run"
	argLimit        = "limit"
	argState        = "state"
	argRequestID    = "request_id"
)
