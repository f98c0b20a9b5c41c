package machine

import (
	"context"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps/store"
)

// PlanBackup tells what a backup would do.
func (m *Manager) PlanBackup(ctx context.Context, r api.BackupRequest) (api.Plan, error) {
	if r.FromBackupID != "" {
		if err := m.backups.CheckThere(ctx, "Base backup", r.FromBackupID); err != nil {
			return api.Plan{}, err
		}
	}
	plan := m.host.PlanBackup(ctx, api.Args{ID: r.ID, FromBackupID: r.FromBackupID, ScheduleID: r.ScheduleID})
	if r.FromBackupID == "" {
		return plan, nil
	}
	ids, err := store.Lineage(ctx, m.store, r.FromBackupID)
	if err != nil {
		return plan, nil // The plan says so of its base.
	}
	return m.withDamage(ctx, plan, ids)
}

// PlanRestore tells what a restore would do.
func (m *Manager) PlanRestore(ctx context.Context, r api.RestoreRequest) (api.Plan, error) {
	if err := m.backups.CheckOrder(ctx, r); err != nil {
		return api.Plan{}, err
	}
	args := api.Args{IDList: r.IDList, Target: string(r.Target), To: r.To, TmpDir: m.host.Server.DataDir}
	if r.Target != api.TargetDatabase {
		args.TmpDir = m.restoreFolder()
	}
	return m.withDamage(ctx, m.host.PlanRestore(ctx, args), r.IDList)
}

// withDamage adds to a plan what is known against the backups it would read.
func (m *Manager) withDamage(ctx context.Context, plan api.Plan, ids []string) (api.Plan, error) {
	damage, err := m.backups.KnownDamage(ctx, ids)
	if err != nil {
		return plan, api.Failure(err)
	}
	if damage != "" {
		plan.Goes = false
		plan.Checks = append(plan.Checks, api.Check{About: "soundness", Detail: damage})
	}
	return plan, nil
}
