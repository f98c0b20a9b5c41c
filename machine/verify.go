package machine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/store"
)

// VerifyBackup accepts the verification of a backup and of all it stands on.
func (m *Manager) VerifyBackup(ctx context.Context, r api.VerifyRequest) (string, error) {
	if r.Level == "" {
		r.Level = api.DefaultLevel
	}
	if !slices.Contains(persistence.Levels, r.Level) {
		return "", api.Refuse(api.Invalid, "unknown level '%s': use one of %s", r.Level, persistence.Levels)
	}
	asked := api.Args{ID: r.ID, Level: r.Level}
	return m.once(ctx, r.RequestID, commandVerifyBackup, asked, func(request *persistence.Request) (string, error) {
		ids, err := m.verifiable(ctx, r.ID)
		if err != nil {
			return "", err
		}
		if r.Level.Covers(persistence.LevelChecksum) {
			if err := m.host.CheckRetrievable(ids); err != nil {
				return "", &api.Error{Kind: api.Unavailable, Message: err.Error(), Err: err}
			}
		}
		var claims []persistence.Claim
		for _, id := range ids {
			claims = append(claims, persistence.Claim{BackupID: id, Use: persistence.Reads})
		}
		id, args := uuid.NewString(), api.Args{IDList: ids, Target: steps.TargetVerify, Level: r.Level}
		if r.Level.Covers(persistence.LevelPrepare) {
			args.TmpDir = m.host.Store.StageFolder(id)
		}
		return m.acceptAs(ctx, id, order{command: commandVerifyBackup}, r.ID, args, claims, request)
	})
}

// verifiable returns the chain of a backup, or why there is none to verify.
func (m *Manager) verifiable(ctx context.Context, id string) ([]string, error) {
	_, err := m.store.Backup(ctx, id)
	if errors.Is(err, persistence.ErrNotFound) {
		return nil, m.notThere(ctx, id)
	}
	if err != nil {
		return nil, api.Failure(err)
	}
	if err := m.backups.CheckThere(ctx, "Backup", id); err != nil {
		return nil, err
	}
	ids, err := store.Lineage(ctx, m.store, id)
	var missing *store.MissingLinkError
	var broken *persistence.Error
	switch {
	case errors.As(err, &missing):
		return nil, &api.Error{Kind: api.Conflict, Err: err, Message: fmt.Sprintf(
			"backup '%s' cannot be restored: it stands on '%s', which is not recorded; %s",
			id, missing.ID, m.backups.LostAdvice(missing.ID, "take a full backup"))}
	case errors.As(err, &broken):
		return nil, api.Failure(err)
	case err != nil:
		return nil, &api.Error{Kind: api.Conflict, Message: err.Error(), Err: err}
	}
	return ids, nil
}

// notThere refuses a backup that is not recorded, and says whether it is just
// being made.
func (m *Manager) notThere(ctx context.Context, id string) error {
	open, err := m.store.OpenOperations(ctx)
	if err != nil {
		return api.Failure(err)
	}
	for _, o := range open {
		if d := m.definitions[o.Machine]; o.BackupID == id && d != nil && d.Process == persistence.TypeBackup {
			return api.Refuse(api.Conflict, "backup '%s' is still being made by operation %s: verify it when that has ended", id, o.ID)
		}
	}
	return m.backups.NotFound("Backup", id)
}
