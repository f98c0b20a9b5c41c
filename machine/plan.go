package machine

import (
	"context"

	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/store"
)

// Plan is what an operation would do, and what stands in its way.
type Plan = steps.Plan

// Check is one thing that was looked at.
type Check = steps.Check

// PlanBackup tells what a backup would do.
func (m *Manager) PlanBackup(ctx context.Context, r BackupRequest) (Plan, error) {
	if r.FromBackupID != "" {
		if err := m.checkThere(ctx, "Base backup", r.FromBackupID); err != nil {
			return Plan{}, err
		}
	}
	plan := m.host.PlanBackup(ctx, Args{ID: r.ID, FromBackupID: r.FromBackupID, ScheduleID: r.ScheduleID})
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
func (m *Manager) PlanRestore(ctx context.Context, r RestoreRequest) (Plan, error) {
	if err := m.checkOrder(ctx, r); err != nil {
		return Plan{}, err
	}
	args := Args{IDList: r.IDList, Target: string(r.Target), TmpDir: m.host.Server.DataDir}
	if r.Target != TargetDatabase {
		args.TmpDir = m.restoreFolder()
	}
	return m.withDamage(ctx, m.host.PlanRestore(ctx, args), r.IDList)
}

// withDamage adds to a plan what is known against the backups it would read.
func (m *Manager) withDamage(ctx context.Context, plan Plan, ids []string) (Plan, error) {
	damage, err := m.knownDamage(ctx, ids)
	if err != nil {
		return plan, internal(err)
	}
	if damage != "" {
		plan.Goes = false
		plan.Checks = append(plan.Checks, Check{About: "soundness", Detail: damage})
	}
	return plan, nil
}
