package machine

import (
	"context"
	"time"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/persistence"
)

// deletePatience is how long a client that deletes a backup is kept waiting
// for the end; it gives up itself after five seconds.
const deletePatience = 3 * time.Second

// DeleteBackup removes a backup and returns when it is gone, or, if that
// takes long, when its removal can no longer fail to be carried on.
func (m *Manager) DeleteBackup(ctx context.Context, r api.DeleteRequest) error {
	args := api.Args{ID: r.ID}
	operation, err := m.once(ctx, r.RequestID, commandDeleteBackup, args, func(request *persistence.Request) (string, error) {
		if err := m.backups.CheckDeletable(ctx, r.ID); err != nil {
			return "", err
		}
		claims := []persistence.Claim{{BackupID: r.ID, Use: persistence.Deletes}}
		return m.accept(ctx, order{command: commandDeleteBackup}, r.ID, args, claims, request)
	})
	if err != nil {
		return err
	}
	o, err := m.await(ctx, operation, deletePatience)
	if err != nil {
		return api.Failure(err)
	}
	if o.Status == persistence.Failed || o.Status == persistence.Cancelled {
		return api.Refuse(api.Internal, "backup '%s' was not deleted: %s", r.ID, o.Error)
	}
	return nil
}
