package wire

import (
	"dbcalm-db-cmd/machine/api"
)

// BackupListAnswer is the answer to backup_list.
type BackupListAnswer struct {
	Head
	Backups []api.BackupView `json:"backups"`
}

// PlanAnswer is the answer to a command that was only to be planned.
type PlanAnswer struct {
	Head
	Plan api.Plan `json:"plan"`
}

// OperationListAnswer is the answer to operation_list.
type OperationListAnswer struct {
	Head
	Operations []api.OperationSummary `json:"operations"`
}

// OperationShowAnswer is the answer to operation_show. Its status is the
// operation's: the view's fields stand beside the code.
type OperationShowAnswer struct {
	Code int `json:"code"`
	api.OperationView
}

// OperationRetryAnswer is the answer to operation_retry.
type OperationRetryAnswer struct {
	Head
	ID string `json:"id"`
	api.RetryDecision
}

// OperationLogsLine is a line of the answer to operation_logs.
type OperationLogsLine struct {
	Code int `json:"code"`
	api.LogChunk
}

// BackupRebuildAnswer is the answer to backup_rebuild.
type BackupRebuildAnswer struct {
	Head
	api.RebuildReport
}

// PruneBackupsAnswer is the answer to prune_backups.
type PruneBackupsAnswer struct {
	Head
	api.PruneReport
}

// Daemon is what a daemon says of itself.
type Daemon struct {
	// Version is that of its program.
	Version string `json:"version"`
	PID     int    `json:"pid"`
	// UID is the number of the user that it runs as.
	UID int `json:"uid"`
}

// DaemonShowAnswer is the answer to daemon_show.
type DaemonShowAnswer struct {
	Head
	Daemon
}
