package machine

import (
	"context"
	"errors"
	"os"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/store"
)

// FullBackup accepts a full backup and returns the operation's id. The
// backup itself is made afterwards.
func (m *Manager) FullBackup(ctx context.Context, r api.BackupRequest) (string, error) {
	args := api.Args{ID: r.ID, ScheduleID: r.ScheduleID}
	return m.once(ctx, r.RequestID, commandFullBackup, args, func(request *persistence.Request) (string, error) {
		if err := m.checkNew(ctx, r.ID); err != nil {
			return "", err
		}
		if err := m.checkServer(ctx); err != nil {
			return "", err
		}
		if err := m.backups.ForgetGone(ctx, r.ID); err != nil {
			return "", err
		}
		claims := []persistence.Claim{{BackupID: r.ID, Use: persistence.Makes}}
		return m.accept(ctx, order{command: commandFullBackup}, r.ID, args, claims, request)
	})
}

// IncrementalBackup accepts an incremental backup on r.FromBackupID.
func (m *Manager) IncrementalBackup(ctx context.Context, r api.BackupRequest) (string, error) {
	args := api.Args{ID: r.ID, FromBackupID: r.FromBackupID, ScheduleID: r.ScheduleID}
	return m.once(ctx, r.RequestID, commandIncrementalBackup, args, func(request *persistence.Request) (string, error) {
		if err := m.checkBase(ctx, r); err != nil {
			return "", err
		}
		if err := m.backups.ForgetGone(ctx, r.ID); err != nil {
			return "", err
		}
		claims := []persistence.Claim{{BackupID: r.ID, Use: persistence.Makes}, {BackupID: r.FromBackupID, Use: persistence.Reads}}
		return m.accept(ctx, order{command: commandIncrementalBackup}, r.ID, args, claims, request)
	})
}

// checkBase refuses an incremental whose base is not there or no longer fits
// the data directory.
func (m *Manager) checkBase(ctx context.Context, r api.BackupRequest) error {
	if err := m.checkNew(ctx, r.ID); err != nil {
		return err
	}
	if err := m.backups.CheckThere(ctx, "Base backup", r.FromBackupID); err != nil {
		return err
	}
	if err := m.host.CheckNotRestored(ctx, r.FromBackupID); err != nil {
		return &api.Error{Kind: api.Conflict, Message: err.Error(), Err: err}
	}
	if err := m.checkUndamaged(ctx, r.FromBackupID); err != nil {
		return err
	}
	return m.checkServer(ctx)
}

// checkNew refuses the id of a backup that is recorded or whose folder is there.
// A record whose folder is gone is no backup.
func (m *Manager) checkNew(ctx context.Context, id string) error {
	b, err := m.store.Backup(ctx, id)
	if err == nil {
		gone, err := m.backups.IsGone(ctx, b)
		if err == nil && !gone {
			err = api.Refuse(api.Conflict, "Backup with id '%s' already exists", id)
		}
		return err
	}
	if !errors.Is(err, persistence.ErrNotFound) {
		return api.Failure(err)
	}
	folder := m.host.Store.Folder(id)
	if _, err := os.Lstat(folder); err == nil {
		advice := "choose another id, or move the folder out of backup_dir"
		if m.host.Store.RecordLost(id) {
			advice = "dbcalm-db-cmd backups rebuild records it again; else " + advice
		}
		return api.Refuse(api.Conflict,
			"Backup with id '%s' already exists: the folder %s is there without a record and may be the only copy of that backup; %s",
			id, folder, advice)
	}
	return nil
}

// checkServer refuses a backup whose server cannot be reached, now, while the
// client can still be told.
func (m *Manager) checkServer(ctx context.Context) error {
	if err := m.host.Server.Reachable(ctx); err != nil {
		return &api.Error{Kind: api.Unavailable, Message: err.Error(), Err: err}
	}
	return nil
}

// checkUndamaged refuses to let a backup stand on one that cannot be restored.
func (m *Manager) checkUndamaged(ctx context.Context, base string) error {
	ids, err := store.Lineage(ctx, m.store, base)
	if err != nil {
		// What is wrong with the chain is the operation's to say.
		return nil
	}
	damage, err := m.backups.KnownDamage(ctx, ids)
	if err != nil {
		return api.Failure(err)
	}
	if damage != "" {
		return api.Refuse(api.Conflict, "%s; take a full backup, or mend it and verify it again", damage)
	}
	return nil
}
