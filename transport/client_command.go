package transport

import (
	"context"
	"encoding/json"
	"fmt"

	"dbcalm-db-cmd/machine"
)

// wireArgs are the arguments of all commands as they are sent.
type wireArgs struct {
	ID           string         `json:"id,omitempty"`
	FromBackupID string         `json:"from_backup_id,omitempty"`
	ScheduleID   *int64         `json:"schedule_id,omitempty"`
	IDList       []string       `json:"id_list,omitempty"`
	Target       machine.Target `json:"target,omitempty"`
	Level        machine.Level  `json:"level,omitempty"`
	Limit        int            `json:"limit,omitempty"`
	State        string         `json:"state,omitempty"`
	DryRun       bool           `json:"dry_run,omitempty"`
	Prune        bool           `json:"prune,omitempty"`
	Follow       bool           `json:"follow,omitempty"`
	Plan         bool           `json:"plan,omitempty"`
	RequestID    string         `json:"request_id,omitempty"`
}

// FullBackup asks for a full backup and returns its operation's id.
func (c Client) FullBackup(ctx context.Context, request machine.BackupRequest) (string, error) {
	return c.backup(ctx, fullBackupCommand, request)
}

// IncrementalBackup asks for a backup that stands on another and returns its
// operation's id.
func (c Client) IncrementalBackup(ctx context.Context, request machine.BackupRequest) (string, error) {
	return c.backup(ctx, incrementalBackupCommand, request)
}

func (c Client) backup(ctx context.Context, command string, request machine.BackupRequest) (string, error) {
	var answer envelope
	err := c.call(ctx, command, wireArgs{
		ID:           request.ID,
		FromBackupID: request.FromBackupID,
		ScheduleID:   request.ScheduleID,
		RequestID:    request.RequestID,
	}, &answer)
	return answer.ID, err
}

// RestoreBackup asks for a restore and returns its operation's id.
func (c Client) RestoreBackup(ctx context.Context, request machine.RestoreRequest) (string, error) {
	var answer envelope
	err := c.call(ctx, restoreBackupCommand, wireArgs{IDList: request.IDList, Target: request.Target, RequestID: request.RequestID}, &answer)
	return answer.ID, err
}

// PlanBackup asks what a backup would do.
func (c Client) PlanBackup(ctx context.Context, request machine.BackupRequest) (machine.Plan, error) {
	command := fullBackupCommand
	if request.FromBackupID != "" {
		command = incrementalBackupCommand
	}
	var answer planAnswer
	err := c.call(ctx, command, wireArgs{ID: request.ID, FromBackupID: request.FromBackupID, Plan: true}, &answer)
	return answer.Plan, err
}

// PlanRestore asks what a restore would do.
func (c Client) PlanRestore(ctx context.Context, request machine.RestoreRequest) (machine.Plan, error) {
	var answer planAnswer
	err := c.call(ctx, restoreBackupCommand, wireArgs{IDList: request.IDList, Target: request.Target, Plan: true}, &answer)
	return answer.Plan, err
}

// DeleteBackup deletes a backup; it is gone when the answer is there.
func (c Client) DeleteBackup(ctx context.Context, request machine.DeleteRequest) error {
	return c.call(ctx, deleteBackupCommand, wireArgs{ID: request.ID, RequestID: request.RequestID}, &envelope{})
}

// VerifyBackup asks for a backup to be verified and returns its operation's id.
func (c Client) VerifyBackup(ctx context.Context, request machine.VerifyRequest) (string, error) {
	var answer envelope
	err := c.call(ctx, verifyBackupCommand, wireArgs{ID: request.ID, Level: request.Level, RequestID: request.RequestID}, &answer)
	return answer.ID, err
}

// Operations lists operations, newest first.
func (c Client) Operations(ctx context.Context, filter machine.OperationFilter) ([]machine.OperationSummary, error) {
	var answer operationListAnswer
	err := c.call(ctx, operationListCommand, wireArgs{Limit: filter.Limit, State: filter.State}, &answer)
	return answer.Operations, err
}

// Operation returns one operation.
func (c Client) Operation(ctx context.Context, id string) (machine.OperationView, error) {
	var answer operationShowAnswer
	err := c.call(ctx, operationShowCommand, wireArgs{ID: id}, &answer)
	return answer.OperationView, err
}

// Logs calls each with every piece of what an operation's programs have
// printed; with follow, until the operation is over.
func (c Client) Logs(ctx context.Context, id string, follow bool, each func(machine.LogChunk) error) error {
	return c.lines(ctx, operationLogsCommand, wireArgs{ID: id, Follow: follow}, func(line []byte) error {
		var answer operationLogsLine
		if err := json.Unmarshal(line, &answer); err != nil {
			return fmt.Errorf("read the answer to %s: %w", operationLogsCommand, err)
		}
		return each(answer.LogChunk)
	})
}

// Cancel asks an operation to end.
func (c Client) Cancel(ctx context.Context, id string) error {
	return c.call(ctx, operationCancelCommand, wireArgs{ID: id}, &envelope{})
}

// Retry lets a stopped operation go on and says from where.
func (c Client) Retry(ctx context.Context, id string) (machine.RetryDecision, error) {
	var answer operationRetryAnswer
	err := c.call(ctx, operationRetryCommand, wireArgs{ID: id}, &answer)
	return answer.RetryDecision, err
}

// Backups lists the recorded backups.
func (c Client) Backups(ctx context.Context) ([]machine.BackupView, error) {
	var answer backupListAnswer
	err := c.call(ctx, backupListCommand, nil, &answer)
	return answer.Backups, err
}

// Rebuild has the table of backups compared with the store. The answer comes
// when that is done.
func (c Client) Rebuild(ctx context.Context, request machine.RebuildRequest) (machine.RebuildReport, error) {
	var answer backupRebuildAnswer
	err := c.call(ctx, backupRebuildCommand, wireArgs{Prune: request.Prune}, &answer)
	return answer.RebuildReport, err
}

// Prune has the chains deleted that the retention does not keep. The answer
// comes when that is over.
func (c Client) Prune(ctx context.Context, request machine.PruneRequest) (machine.PruneReport, error) {
	var answer pruneBackupsAnswer
	err := c.call(ctx, pruneBackupsCommand, wireArgs{DryRun: request.DryRun}, &answer)
	return answer.PruneReport, err
}
