package main

import (
	"context"
	"sync"
	"syscall"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/transport/client"
	"dbcalm-db-cmd/transport/wire"
)

// fakeDaemon answers from its fields and keeps what it was asked. A method
// whose error is set fails.
type fakeDaemon struct {
	mu sync.Mutex

	self       wire.Daemon
	id         string
	operations []api.OperationSummary
	// views are the answers to successive calls of Operation; the last one
	// stays.
	views    []any
	decision api.RetryDecision
	chunks   []api.LogChunk
	plan     api.Plan
	backups  []api.BackupView
	rebuilt  api.RebuildReport
	pruned   api.PruneReport
	err      error

	asked []any
}

// The questions that carry no request of their own.
type (
	askedOperation string
	askedCancel    string
	askedRetry     string
	askedPlan      struct{ id string }
	askedLogs      struct {
		id     string
		follow bool
	}
)

func (f *fakeDaemon) keep(question any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, question)
}

func (f *fakeDaemon) Daemon(context.Context) (wire.Daemon, error) { return f.self, f.err }

func (f *fakeDaemon) FullBackup(_ context.Context, r api.BackupRequest) (string, error) {
	f.keep(r)
	return f.id, f.err
}

func (f *fakeDaemon) IncrementalBackup(_ context.Context, r api.BackupRequest) (string, error) {
	f.keep(r)
	return f.id, f.err
}

func (f *fakeDaemon) RestoreBackup(_ context.Context, r api.RestoreRequest) (string, error) {
	f.keep(r)
	return f.id, f.err
}

func (f *fakeDaemon) VerifyBackup(_ context.Context, r api.VerifyRequest) (string, error) {
	f.keep(r)
	return f.id, f.err
}

func (f *fakeDaemon) DeleteBackup(_ context.Context, r api.DeleteRequest) error {
	f.keep(r)
	return f.err
}

func (f *fakeDaemon) Operations(_ context.Context, filter api.OperationFilter) ([]api.OperationSummary, error) {
	f.keep(filter)
	return f.operations, f.err
}

func (f *fakeDaemon) Operation(_ context.Context, id string) (api.OperationView, error) {
	f.keep(askedOperation(id))
	if len(f.views) == 0 {
		return api.OperationView{}, f.err
	}
	next := f.views[0]
	if len(f.views) > 1 {
		f.views = f.views[1:]
	}
	if err, failed := next.(error); failed {
		return api.OperationView{}, err
	}
	return next.(api.OperationView), nil
}

func (f *fakeDaemon) Logs(_ context.Context, id string, follow bool, each func(api.LogChunk) error) error {
	f.keep(askedLogs{id, follow})
	for _, chunk := range f.chunks {
		if err := each(chunk); err != nil {
			return err
		}
	}
	return f.err
}

func (f *fakeDaemon) PlanBackup(_ context.Context, r api.BackupRequest) (api.Plan, error) {
	f.keep(askedPlan{r.ID})
	return f.plan, f.err
}

func (f *fakeDaemon) PlanRestore(_ context.Context, r api.RestoreRequest) (api.Plan, error) {
	f.keep(askedPlan{r.IDList[len(r.IDList)-1]})
	return f.plan, f.err
}

func (f *fakeDaemon) Cancel(_ context.Context, id string) error {
	f.keep(askedCancel(id))
	return f.err
}

func (f *fakeDaemon) Retry(_ context.Context, id string) (api.RetryDecision, error) {
	f.keep(askedRetry(id))
	return f.decision, f.err
}

func (f *fakeDaemon) Prune(_ context.Context, r api.PruneRequest) (api.PruneReport, error) {
	f.keep(r)
	f.pruned.DryRun = r.DryRun
	return f.pruned, f.err
}

func (f *fakeDaemon) Rebuild(_ context.Context, r api.RebuildRequest) (api.RebuildReport, error) {
	f.keep(r)
	return f.rebuilt, f.err
}

func (f *fakeDaemon) Backups(context.Context) ([]api.BackupView, error) {
	return f.backups, f.err
}

var (
	refusal  = &client.Refusal{Code: 409, Status: "Conflict", Message: "Backup with id 'full-1' already exists"}
	noDaemon = &client.Unreachable{Path: "/run/x.sock", Advice: "start it", Err: syscall.ECONNREFUSED}
)

// failingDaemon fails in every method, where fakeDaemon lists backups all the
// same, so that a restore gets as far as asking for one.
type failingDaemon struct{ fakeDaemon }

func (f *failingDaemon) Backups(context.Context) ([]api.BackupView, error) { return nil, f.err }
