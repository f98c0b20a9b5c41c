package transport

import (
	"context"

	"dbcalm-db-cmd/machine"
)

func fullBackup(ctx context.Context, service Service, args *arguments) (reply, error) {
	request := machine.BackupRequest{
		ID:         args.backupID(argID),
		ScheduleID: args.integer(argScheduleID),
		RequestID:  args.requestID(argRequestID),
	}
	plan := args.flag(argPlan)
	if err := args.end(); err != nil {
		return reply{}, err
	}
	if plan {
		return planned(service.PlanBackup(ctx, request))
	}
	operation, err := service.FullBackup(ctx, request)
	return accepted(operation), err
}

func incrementalBackup(ctx context.Context, service Service, args *arguments) (reply, error) {
	request := machine.BackupRequest{
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
		return planned(service.PlanBackup(ctx, request))
	}
	operation, err := service.IncrementalBackup(ctx, request)
	return accepted(operation), err
}

func restoreBackup(ctx context.Context, service Service, args *arguments) (reply, error) {
	request := machine.RestoreRequest{
		IDList:    args.backupIDs(argIDList),
		Target:    args.target(argTarget),
		RequestID: args.requestID(argRequestID),
	}
	plan := args.flag(argPlan)
	if err := args.end(); err != nil {
		return reply{}, err
	}
	if plan {
		return planned(service.PlanRestore(ctx, request))
	}
	operation, err := service.RestoreBackup(ctx, request)
	return accepted(operation), err
}

// planAnswer is the answer to a command that was only to be planned.
type planAnswer struct {
	Code   int          `json:"code"`
	Status string       `json:"status"`
	Plan   machine.Plan `json:"plan"`
}

func planned(plan machine.Plan, err error) (reply, error) {
	return found(planAnswer{codeOK, phrases[codeOK], plan}), err
}

func deleteBackup(ctx context.Context, service Service, args *arguments) (reply, error) {
	request := machine.DeleteRequest{ID: args.backupID(argID), RequestID: args.requestID(argRequestID)}
	if err := args.end(); err != nil {
		return reply{}, err
	}
	return done(), service.DeleteBackup(ctx, request)
}

func verifyBackup(ctx context.Context, service Service, args *arguments) (reply, error) {
	request := machine.VerifyRequest{ID: args.backupID(argID), Level: args.level(argLevel), RequestID: args.requestID(argRequestID)}
	if err := args.end(); err != nil {
		return reply{}, err
	}
	operation, err := service.VerifyBackup(ctx, request)
	return accepted(operation), err
}

// backupListAnswer is the answer to backup_list.
type backupListAnswer struct {
	Code    int                  `json:"code"`
	Status  string               `json:"status"`
	Backups []machine.BackupView `json:"backups"`
}

func backupList(ctx context.Context, service Service, args *arguments) (reply, error) {
	if err := args.end(); err != nil {
		return reply{}, err
	}
	backups, err := service.Backups(ctx)
	return found(backupListAnswer{codeOK, phrases[codeOK], listed(backups)}), err
}

// listed makes a list without elements one on the wire, too: [] and not null.
func listed[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
