package transport

import (
	"context"

	"dbcalm-db-cmd/machine"
)

// fakeService answers with its functions; one that is nil succeeds.
type fakeService struct {
	fullBackup        func(context.Context, machine.BackupRequest) (string, error)
	incrementalBackup func(context.Context, machine.BackupRequest) (string, error)
	restoreBackup     func(context.Context, machine.RestoreRequest) (string, error)
	verifyBackup      func(context.Context, machine.VerifyRequest) (string, error)
	deleteBackup      func(context.Context, machine.DeleteRequest) error
	operations        func(context.Context, machine.OperationFilter) ([]machine.OperationSummary, error)
	operation         func(context.Context, string) (machine.OperationView, error)
	logs              func(ctx context.Context, id string, follow bool, each func(machine.LogChunk) error) error
	cancel            func(context.Context, string) error
	retry             func(context.Context, string) (machine.RetryDecision, error)
	prune             func(context.Context, machine.PruneRequest) (machine.PruneReport, error)
	rebuild           func(context.Context, machine.RebuildRequest) (machine.RebuildReport, error)
	backups           func(context.Context) ([]machine.BackupView, error)
}

// anOperation is the id of every operation the fake accepts.
const anOperation = "0b9d1c52-6f0e-4b7e-9a35-1d7b4c1f2a10"

func (f *fakeService) FullBackup(ctx context.Context, request machine.BackupRequest) (string, error) {
	if f.fullBackup == nil {
		return anOperation, nil
	}
	return f.fullBackup(ctx, request)
}

func (f *fakeService) IncrementalBackup(ctx context.Context, request machine.BackupRequest) (string, error) {
	if f.incrementalBackup == nil {
		return anOperation, nil
	}
	return f.incrementalBackup(ctx, request)
}

func (f *fakeService) RestoreBackup(ctx context.Context, request machine.RestoreRequest) (string, error) {
	if f.restoreBackup == nil {
		return anOperation, nil
	}
	return f.restoreBackup(ctx, request)
}

func (f *fakeService) VerifyBackup(ctx context.Context, request machine.VerifyRequest) (string, error) {
	if f.verifyBackup == nil {
		return anOperation, nil
	}
	return f.verifyBackup(ctx, request)
}

func (f *fakeService) DeleteBackup(ctx context.Context, request machine.DeleteRequest) error {
	if f.deleteBackup == nil {
		return nil
	}
	return f.deleteBackup(ctx, request)
}

func (f *fakeService) Operations(ctx context.Context, filter machine.OperationFilter) ([]machine.OperationSummary, error) {
	if f.operations == nil {
		return nil, nil
	}
	return f.operations(ctx, filter)
}

func (f *fakeService) Operation(ctx context.Context, id string) (machine.OperationView, error) {
	if f.operation == nil {
		return machine.OperationView{}, nil
	}
	return f.operation(ctx, id)
}

func (f *fakeService) Logs(ctx context.Context, id string, follow bool, each func(machine.LogChunk) error) error {
	if f.logs == nil {
		return nil
	}
	return f.logs(ctx, id, follow, each)
}

func (f *fakeService) PlanBackup(_ context.Context, request machine.BackupRequest) (machine.Plan, error) {
	return machine.Plan{Goes: true, Result: request.ID}, nil
}

func (f *fakeService) PlanRestore(_ context.Context, request machine.RestoreRequest) (machine.Plan, error) {
	return machine.Plan{Checks: []machine.Check{{About: "backup " + request.IDList[0], Detail: "is damaged"}}}, nil
}

func (f *fakeService) Cancel(ctx context.Context, id string) error {
	if f.cancel == nil {
		return nil
	}
	return f.cancel(ctx, id)
}

func (f *fakeService) Retry(ctx context.Context, id string) (machine.RetryDecision, error) {
	if f.retry == nil {
		return machine.RetryDecision{}, nil
	}
	return f.retry(ctx, id)
}

func (f *fakeService) Backups(ctx context.Context) ([]machine.BackupView, error) {
	if f.backups == nil {
		return nil, nil
	}
	return f.backups(ctx)
}

func (f *fakeService) Rebuild(ctx context.Context, request machine.RebuildRequest) (machine.RebuildReport, error) {
	if f.rebuild == nil {
		return machine.RebuildReport{}, nil
	}
	return f.rebuild(ctx, request)
}

func (f *fakeService) Prune(ctx context.Context, request machine.PruneRequest) (machine.PruneReport, error) {
	if f.prune == nil {
		return machine.PruneReport{}, nil
	}
	return f.prune(ctx, request)
}
