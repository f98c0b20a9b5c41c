package transport

import (
	"context"

	"dbcalm-db-cmd/machine/api"
)

// fakeService answers with its functions; one that is nil succeeds.
type fakeService struct {
	fullBackup        func(context.Context, api.BackupRequest) (string, error)
	incrementalBackup func(context.Context, api.BackupRequest) (string, error)
	restoreBackup     func(context.Context, api.RestoreRequest) (string, error)
	verifyBackup      func(context.Context, api.VerifyRequest) (string, error)
	deleteBackup      func(context.Context, api.DeleteRequest) error
	operations        func(context.Context, api.OperationFilter) ([]api.OperationSummary, error)
	operation         func(context.Context, string) (api.OperationView, error)
	logs              func(ctx context.Context, id string, follow bool, each func(api.LogChunk) error) error
	cancel            func(context.Context, string) error
	retry             func(context.Context, string) (api.RetryDecision, error)
	prune             func(context.Context, api.PruneRequest) (api.PruneReport, error)
	rebuild           func(context.Context, api.RebuildRequest) (api.RebuildReport, error)
	backups           func(context.Context) ([]api.BackupView, error)
}

// anOperation is the id of every operation the fake accepts.
const anOperation = "0b9d1c52-6f0e-4b7e-9a35-1d7b4c1f2a10"

func (f *fakeService) FullBackup(ctx context.Context, request api.BackupRequest) (string, error) {
	if f.fullBackup == nil {
		return anOperation, nil
	}
	return f.fullBackup(ctx, request)
}

func (f *fakeService) IncrementalBackup(ctx context.Context, request api.BackupRequest) (string, error) {
	if f.incrementalBackup == nil {
		return anOperation, nil
	}
	return f.incrementalBackup(ctx, request)
}

func (f *fakeService) RestoreBackup(ctx context.Context, request api.RestoreRequest) (string, error) {
	if f.restoreBackup == nil {
		return anOperation, nil
	}
	return f.restoreBackup(ctx, request)
}

func (f *fakeService) VerifyBackup(ctx context.Context, request api.VerifyRequest) (string, error) {
	if f.verifyBackup == nil {
		return anOperation, nil
	}
	return f.verifyBackup(ctx, request)
}

func (f *fakeService) DeleteBackup(ctx context.Context, request api.DeleteRequest) error {
	if f.deleteBackup == nil {
		return nil
	}
	return f.deleteBackup(ctx, request)
}

func (f *fakeService) Operations(ctx context.Context, filter api.OperationFilter) ([]api.OperationSummary, error) {
	if f.operations == nil {
		return nil, nil
	}
	return f.operations(ctx, filter)
}

func (f *fakeService) Operation(ctx context.Context, id string) (api.OperationView, error) {
	if f.operation == nil {
		return api.OperationView{}, nil
	}
	return f.operation(ctx, id)
}

func (f *fakeService) Logs(ctx context.Context, id string, follow bool, each func(api.LogChunk) error) error {
	if f.logs == nil {
		return nil
	}
	return f.logs(ctx, id, follow, each)
}

func (f *fakeService) PlanBackup(_ context.Context, request api.BackupRequest) (api.Plan, error) {
	return api.Plan{Goes: true, Result: request.ID}, nil
}

func (f *fakeService) PlanRestore(_ context.Context, request api.RestoreRequest) (api.Plan, error) {
	return api.Plan{Checks: []api.Check{{About: "backup " + request.IDList[0], Detail: "is damaged"}}}, nil
}

func (f *fakeService) Cancel(ctx context.Context, id string) error {
	if f.cancel == nil {
		return nil
	}
	return f.cancel(ctx, id)
}

func (f *fakeService) Retry(ctx context.Context, id string) (api.RetryDecision, error) {
	if f.retry == nil {
		return api.RetryDecision{}, nil
	}
	return f.retry(ctx, id)
}

func (f *fakeService) Backups(ctx context.Context) ([]api.BackupView, error) {
	if f.backups == nil {
		return nil, nil
	}
	return f.backups(ctx)
}

func (f *fakeService) Rebuild(ctx context.Context, request api.RebuildRequest) (api.RebuildReport, error) {
	if f.rebuild == nil {
		return api.RebuildReport{}, nil
	}
	return f.rebuild(ctx, request)
}

func (f *fakeService) Prune(ctx context.Context, request api.PruneRequest) (api.PruneReport, error) {
	if f.prune == nil {
		return api.PruneReport{}, nil
	}
	return f.prune(ctx, request)
}
