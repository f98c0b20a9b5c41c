package transport

import (
	"context"

	"dbcalm-db-cmd/transport/wire"
)

// command answers one command of the wire. It reads all arguments before it
// calls the service.
type command func(ctx context.Context, service Service, args *arguments) (reply, error)

var commands = map[string]command{
	wire.FullBackupCommand:        fullBackup,
	wire.IncrementalBackupCommand: incrementalBackup,
	wire.RestoreBackupCommand:     restoreBackup,
	wire.DeleteBackupCommand:      deleteBackup,
	wire.VerifyBackupCommand:      verifyBackup,
	wire.BackupListCommand:        backupList,
	wire.BackupRebuildCommand:     backupRebuild,
	wire.PruneBackupsCommand:      pruneBackups,
	wire.OperationListCommand:     operationList,
	wire.OperationShowCommand:     operationShow,
	wire.OperationWatchCommand:    operationWatch,
	wire.OperationLogsCommand:     operationLogs,
	wire.OperationCancelCommand:   operationCancel,
	wire.OperationRetryCommand:    operationRetry,
}

// The names of the arguments.
const (
	argID           = "id"
	argFromBackupID = "from_backup_id"
	argScheduleID   = "schedule_id"
	argIDList       = "id_list"
	argTarget       = "target"
	argTo           = "to"
	argLevel        = "level"
	argPrune        = "prune"
	argFollow       = "follow"
	argPlan         = "plan"
	argDryRun       = "dry_run"
	argLimit        = "limit"
	argState        = "state"
	argIDPrefix     = "id_prefix"
	argRequestID    = "request_id"
)
