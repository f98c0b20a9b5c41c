package machine

import (
	"context"
	"errors"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps"
)

// Plan is what an operation would do, and what stands in its way.
type Plan = steps.Plan

// Check is one thing that was looked at.
type Check = steps.Check

// PlanBackup tells what a backup would do.
func (m *Manager) PlanBackup(ctx context.Context, r BackupRequest) (Plan, error) {
	if r.FromBackupID != "" {
		_, err := m.store.Backup(ctx, r.FromBackupID)
		if errors.Is(err, persistence.ErrNotFound) {
			return Plan{}, m.notFound("Base backup", r.FromBackupID)
		}
		if err != nil {
			return Plan{}, internal(err)
		}
	}
	return m.host.PlanBackup(ctx, Args{ID: r.ID, FromBackupID: r.FromBackupID, ScheduleID: r.ScheduleID}), nil
}

// PlanRestore tells what a restore would do.
func (m *Manager) PlanRestore(ctx context.Context, r RestoreRequest) (Plan, error) {
	if err := m.checkOrder(ctx, r); err != nil {
		return Plan{}, err
	}
	args := Args{IDList: r.IDList, Target: string(r.Target), TmpDir: m.host.DataDir}
	if r.Target != TargetDatabase {
		args.TmpDir = m.restoreFolder()
	}
	return m.host.PlanRestore(ctx, args), nil
}
