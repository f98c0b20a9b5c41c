package transport

import (
	"context"

	"dbcalm-db-cmd/machine/api"
)

// Service is what the commands of the wire are answered by. Its methods are
// called from many goroutines at once, one call a connection.
//
// Arguments have been checked for form (ids, targets, types) and not against
// anything that exists. Refusals are *api.Error; any other error becomes
// a 500 that does not show its text to the client.
//
// A request with a RequestID that was accepted before is not carried out
// again: it is answered with the operation it began then.
//
// The context is not cancelled when the client goes away: an accepted command
// stays accepted. It is cancelled when the daemon stops and has waited long
// enough, and the methods must then return soon.
type Service interface {
	// FullBackup accepts a full backup and returns its operation's id. The
	// rows that clients poll must be there before it returns.
	FullBackup(ctx context.Context, request api.BackupRequest) (string, error)
	// IncrementalBackup is FullBackup for a backup that stands on another.
	IncrementalBackup(ctx context.Context, request api.BackupRequest) (string, error)
	// RestoreBackup accepts a restore and returns its operation's id, under
	// the same promise as FullBackup.
	RestoreBackup(ctx context.Context, request api.RestoreRequest) (string, error)
	// PlanBackup and PlanRestore tell what the command would do and everything
	// that stands in its way, and change nothing.
	PlanBackup(ctx context.Context, request api.BackupRequest) (api.Plan, error)
	PlanRestore(ctx context.Context, request api.RestoreRequest) (api.Plan, error)
	// DeleteBackup returns when the backup is gone.
	DeleteBackup(ctx context.Context, request api.DeleteRequest) error
	// VerifyBackup accepts a verification and returns its operation's id, under
	// the same promise as FullBackup. An empty level is the default one.
	VerifyBackup(ctx context.Context, request api.VerifyRequest) (string, error)
	// Operations lists operations, newest first.
	Operations(ctx context.Context, filter api.OperationFilter) ([]api.OperationSummary, error)
	// Operation returns one operation.
	Operation(ctx context.Context, id string) (api.OperationView, error)
	// Logs calls each, from this goroutine, with every piece of what an
	// operation's programs have printed; with follow, until it is over or ctx
	// ends, and now and then with an empty piece. An error of each ends it.
	Logs(ctx context.Context, id string, follow bool, each func(api.LogChunk) error) error
	// Cancel asks an operation to end; it returns when that is recorded.
	Cancel(ctx context.Context, id string) error
	// Retry lets a stopped operation go on and says from where.
	Retry(ctx context.Context, id string) (api.RetryDecision, error)
	// Rebuild compares the table of backups with the store and tells in what
	// they differ.
	Rebuild(ctx context.Context, request api.RebuildRequest) (api.RebuildReport, error)
	// Prune deletes the chains that the retention does not keep, and returns
	// when that is over.
	Prune(ctx context.Context, request api.PruneRequest) (api.PruneReport, error)
	// Backups lists the recorded backups.
	Backups(ctx context.Context) ([]api.BackupView, error)
}
