package transport

import (
	"context"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/transport/wire"
)

func fullBackup(ctx context.Context, service Service, args *arguments) (reply, error) {
	request := api.BackupRequest{
		ID:         args.backupID(argID),
		ScheduleID: args.integer(argScheduleID),
		RequestID:  args.requestID(argRequestID),
	}
	plan := args.flag(argPlan)
	if err := args.end(); err != nil {
		return reply{}, err
	}
	if plan {
		return planReply(service.PlanBackup(ctx, request))
	}
	operation, err := service.FullBackup(ctx, request)
	return acceptedReply(operation), err
}

func incrementalBackup(ctx context.Context, service Service, args *arguments) (reply, error) {
	request := api.BackupRequest{
		ID:           args.backupID(argID),
		FromBackupID: args.backupID(argFromBackupID),
		ScheduleID:   args.integer(argScheduleID),
		RequestID:    args.requestID(argRequestID),
	}
	plan := args.flag(argPlan)
	if request.FromBackupID == request.ID {
		args.refuse("argument %s: '%s' cannot stand on itself; give the id of another backup", argFromBackupID, request.ID)
	}
	if err := args.end(); err != nil {
		return reply{}, err
	}
	if plan {
		return planReply(service.PlanBackup(ctx, request))
	}
	operation, err := service.IncrementalBackup(ctx, request)
	return acceptedReply(operation), err
}

func restoreBackup(ctx context.Context, service Service, args *arguments) (reply, error) {
	request := api.RestoreRequest{
		IDList:    args.backupIDs(argIDList),
		Target:    args.target(argTarget),
		To:        args.moment(argTo),
		RequestID: args.requestID(argRequestID),
	}
	plan := args.flag(argPlan)
	if err := args.end(); err != nil {
		return reply{}, err
	}
	if plan {
		return planReply(service.PlanRestore(ctx, request))
	}
	operation, err := service.RestoreBackup(ctx, request)
	return acceptedReply(operation), err
}

func planReply(plan api.Plan, err error) (reply, error) {
	return bodyReply(wire.PlanAnswer{Head: wire.HeadOf(wire.CodeOK), Plan: plan}), err
}

func deleteBackup(ctx context.Context, service Service, args *arguments) (reply, error) {
	request := api.DeleteRequest{ID: args.backupID(argID), RequestID: args.requestID(argRequestID)}
	if err := args.end(); err != nil {
		return reply{}, err
	}
	return okReply(), service.DeleteBackup(ctx, request)
}

func verifyBackup(ctx context.Context, service Service, args *arguments) (reply, error) {
	request := api.VerifyRequest{ID: args.backupID(argID), Level: args.level(argLevel), RequestID: args.requestID(argRequestID)}
	if err := args.end(); err != nil {
		return reply{}, err
	}
	operation, err := service.VerifyBackup(ctx, request)
	return acceptedReply(operation), err
}

func backupList(ctx context.Context, service Service, args *arguments) (reply, error) {
	if err := args.end(); err != nil {
		return reply{}, err
	}
	backups, err := service.Backups(ctx)
	return bodyReply(wire.BackupListAnswer{Head: wire.HeadOf(wire.CodeOK), Backups: orEmpty(backups)}), err
}

// orEmpty makes a list without elements one on the wire, too: [] and not null.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
