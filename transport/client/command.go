package client

import (
	"context"
	"encoding/json"
	"fmt"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/transport/wire"
)

// FullBackup asks for a full backup and returns its operation's id.
func (c Client) FullBackup(ctx context.Context, request api.BackupRequest) (string, error) {
	return c.backup(ctx, wire.FullBackupCommand, request)
}

// IncrementalBackup asks for a backup that stands on another and returns its
// operation's id.
func (c Client) IncrementalBackup(ctx context.Context, request api.BackupRequest) (string, error) {
	return c.backup(ctx, wire.IncrementalBackupCommand, request)
}

func (c Client) backup(ctx context.Context, command string, request api.BackupRequest) (string, error) {
	var answer wire.Envelope
	err := c.call(ctx, command, wire.Args{
		ID:           request.ID,
		FromBackupID: request.FromBackupID,
		ScheduleID:   request.ScheduleID,
		RequestID:    request.RequestID,
	}, &answer)
	return answer.ID, err
}

// RestoreBackup asks for a restore and returns its operation's id.
func (c Client) RestoreBackup(ctx context.Context, request api.RestoreRequest) (string, error) {
	var answer wire.Envelope
	args := wire.Args{IDList: request.IDList, Target: request.Target, To: request.To, RequestID: request.RequestID}
	err := c.call(ctx, wire.RestoreBackupCommand, args, &answer)
	return answer.ID, err
}

// PlanBackup asks what a backup would do.
func (c Client) PlanBackup(ctx context.Context, request api.BackupRequest) (api.Plan, error) {
	command := wire.FullBackupCommand
	if request.FromBackupID != "" {
		command = wire.IncrementalBackupCommand
	}
	var answer wire.PlanAnswer
	err := c.call(ctx, command, wire.Args{ID: request.ID, FromBackupID: request.FromBackupID, Plan: true}, &answer)
	return answer.Plan, err
}

// PlanRestore asks what a restore would do.
func (c Client) PlanRestore(ctx context.Context, request api.RestoreRequest) (api.Plan, error) {
	var answer wire.PlanAnswer
	err := c.call(ctx, wire.RestoreBackupCommand,
		wire.Args{IDList: request.IDList, Target: request.Target, To: request.To, Plan: true}, &answer)
	return answer.Plan, err
}

// DeleteBackup deletes a backup; it is gone when the answer is there.
func (c Client) DeleteBackup(ctx context.Context, request api.DeleteRequest) error {
	return c.call(ctx, wire.DeleteBackupCommand, wire.Args{ID: request.ID, RequestID: request.RequestID}, &wire.Envelope{})
}

// VerifyBackup asks for a backup to be verified and returns its operation's id.
func (c Client) VerifyBackup(ctx context.Context, request api.VerifyRequest) (string, error) {
	var answer wire.Envelope
	err := c.call(ctx, wire.VerifyBackupCommand, wire.Args{ID: request.ID, Level: request.Level, RequestID: request.RequestID}, &answer)
	return answer.ID, err
}

// Operations lists operations, newest first.
func (c Client) Operations(ctx context.Context, filter api.OperationFilter) ([]api.OperationSummary, error) {
	var answer wire.OperationListAnswer
	err := c.call(ctx, wire.OperationListCommand, wire.Args{Limit: filter.Limit, State: filter.State, IDPrefix: filter.IDPrefix}, &answer)
	return answer.Operations, err
}

// Operation returns one operation.
func (c Client) Operation(ctx context.Context, id string) (api.OperationView, error) {
	var answer wire.OperationShowAnswer
	err := c.call(ctx, wire.OperationShowCommand, wire.Args{ID: id}, &answer)
	return answer.OperationView, err
}

// Logs calls each with every piece of what an operation's programs have
// printed; with follow, until the operation is over.
func (c Client) Logs(ctx context.Context, id string, follow bool, each func(api.LogChunk) error) error {
	return c.lines(ctx, wire.OperationLogsCommand, wire.Args{ID: id, Follow: follow}, func(line []byte) error {
		var answer wire.OperationLogsLine
		if err := json.Unmarshal(line, &answer); err != nil {
			return fmt.Errorf("read the answer to %s: %w", wire.OperationLogsCommand, err)
		}
		return each(answer.LogChunk)
	})
}

// Cancel asks an operation to end.
func (c Client) Cancel(ctx context.Context, id string) error {
	return c.call(ctx, wire.OperationCancelCommand, wire.Args{ID: id}, &wire.Envelope{})
}

// Retry lets a stopped operation go on and says from where.
func (c Client) Retry(ctx context.Context, id string) (api.RetryDecision, error) {
	var answer wire.OperationRetryAnswer
	err := c.call(ctx, wire.OperationRetryCommand, wire.Args{ID: id}, &answer)
	return answer.RetryDecision, err
}

// Backups lists the recorded backups.
func (c Client) Backups(ctx context.Context) ([]api.BackupView, error) {
	var answer wire.BackupListAnswer
	err := c.call(ctx, wire.BackupListCommand, nil, &answer)
	return answer.Backups, err
}

// Rebuild has the table of backups compared with the store. The answer comes
// when that is done.
func (c Client) Rebuild(ctx context.Context, request api.RebuildRequest) (api.RebuildReport, error) {
	var answer wire.BackupRebuildAnswer
	err := c.call(ctx, wire.BackupRebuildCommand, wire.Args{Prune: request.Prune}, &answer)
	return answer.RebuildReport, err
}

// Prune has the chains deleted that the retention does not keep. The answer
// comes when that is over.
func (c Client) Prune(ctx context.Context, request api.PruneRequest) (api.PruneReport, error) {
	var answer wire.PruneBackupsAnswer
	err := c.call(ctx, wire.PruneBackupsCommand, wire.Args{DryRun: request.DryRun}, &answer)
	return answer.PruneReport, err
}

// Daemon asks the daemon about itself. One of an older program refuses that.
func (c Client) Daemon(ctx context.Context) (wire.Daemon, error) {
	var answer wire.DaemonShowAnswer
	err := c.call(ctx, wire.DaemonShowCommand, nil, &answer)
	return answer.Daemon, err
}
