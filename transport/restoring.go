package transport

import (
	"context"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/transport/access"
	"dbcalm-db-cmd/transport/wire"
)

// serviceFor returns the service as a peer may use it.
func (s *Server) serviceFor(who access.Peer) Service {
	if s.policy.MayRestore(who) {
		return s.service
	}
	return withoutRestores{s.service, who}
}

// withoutRestores is a Service for those who may take backups, and neither
// restore nor delete them. To plan either changes nothing and is free.
type withoutRestores struct {
	Service
	who access.Peer
}

func (w withoutRestores) RestoreBackup(context.Context, api.RestoreRequest) (string, error) {
	return "", access.NotToRestore(w.who)
}

func (w withoutRestores) DeleteBackup(context.Context, api.DeleteRequest) error {
	return access.NotToRestore(w.who)
}

func (w withoutRestores) Prune(ctx context.Context, request api.PruneRequest) (api.PruneReport, error) {
	if !request.DryRun {
		return api.PruneReport{}, access.NotToRestore(w.who)
	}
	return w.Service.Prune(ctx, request)
}

// Rebuild deletes the records of what is gone, if it is asked to.
func (w withoutRestores) Rebuild(ctx context.Context, request api.RebuildRequest) (api.RebuildReport, error) {
	if request.Prune {
		return api.RebuildReport{}, access.NotToRestore(w.who)
	}
	return w.Service.Rebuild(ctx, request)
}

// Retry lets an operation go on, and must not be the way round the others.
func (w withoutRestores) Retry(ctx context.Context, id string) (api.RetryDecision, error) {
	view, err := w.Operation(ctx, id)
	if err != nil {
		return api.RetryDecision{}, err
	}
	switch view.Command {
	case wire.RestoreBackupCommand, wire.DeleteBackupCommand, "":
		return api.RetryDecision{}, access.NotToRestore(w.who)
	}
	return w.Service.Retry(ctx, id)
}
