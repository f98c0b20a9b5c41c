package transport

import (
	"context"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/transport/wire"
)

func backupRebuild(ctx context.Context, service Service, args *arguments) (reply, error) {
	request := api.RebuildRequest{Prune: args.flag(argPrune)}
	if err := args.end(); err != nil {
		return reply{}, err
	}
	report, err := service.Rebuild(ctx, request)
	report.Findings = orEmpty(report.Findings)
	return bodyReply(wire.BackupRebuildAnswer{Head: wire.HeadOf(wire.CodeOK), RebuildReport: report}), err
}

func pruneBackups(ctx context.Context, service Service, args *arguments) (reply, error) {
	request := api.PruneRequest{DryRun: args.flag(argDryRun)}
	if err := args.end(); err != nil {
		return reply{}, err
	}
	report, err := service.Prune(ctx, request)
	report.Chains = orEmpty(report.Chains)
	return bodyReply(wire.PruneBackupsAnswer{Head: wire.HeadOf(wire.CodeOK), PruneReport: report}), err
}
