package transport

import (
	"context"

	"dbcalm-db-cmd/machine"
)

// backupRebuildAnswer is the answer to backup_rebuild.
type backupRebuildAnswer struct {
	Code   int    `json:"code"`
	Status string `json:"status"`
	machine.RebuildReport
}

func backupRebuild(ctx context.Context, service Service, args *arguments) (reply, error) {
	request := machine.RebuildRequest{Prune: args.flag(argPrune)}
	if err := args.end(); err != nil {
		return reply{}, err
	}
	report, err := service.Rebuild(ctx, request)
	report.Findings = listed(report.Findings)
	return found(backupRebuildAnswer{codeOK, phrases[codeOK], report}), err
}

// pruneBackupsAnswer is the answer to prune_backups.
type pruneBackupsAnswer struct {
	Code   int    `json:"code"`
	Status string `json:"status"`
	machine.PruneReport
}

func pruneBackups(ctx context.Context, service Service, args *arguments) (reply, error) {
	request := machine.PruneRequest{DryRun: args.flag(argDryRun)}
	if err := args.end(); err != nil {
		return reply{}, err
	}
	report, err := service.Prune(ctx, request)
	report.Chains = listed(report.Chains)
	return found(pruneBackupsAnswer{codeOK, phrases[codeOK], report}), err
}
