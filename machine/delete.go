package machine

import (
	"context"
	"errors"
	"time"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps"
)

// deletePatience is how long a client that deletes a backup is kept waiting
// for the end; it gives up itself after five seconds.
const deletePatience = 3 * time.Second

// DeleteBackup removes a backup and returns when it is gone, or, if that
// takes long, when its removal can no longer fail to be carried on.
func (m *Manager) DeleteBackup(ctx context.Context, r DeleteRequest) error {
	args := Args{ID: r.ID}
	operation, err := m.once(ctx, r.RequestID, commandDeleteBackup, args, func(request *persistence.Request) (string, error) {
		if err := m.checkDeletable(ctx, r.ID); err != nil {
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
		return internal(err)
	}
	if o.Status == persistence.Failed || o.Status == persistence.Cancelled {
		return refuse(Internal, "backup '%s' was not deleted: %s", r.ID, o.Error)
	}
	return nil
}

// checkDeletable refuses the deletion of what is not there or still needed.
func (m *Manager) checkDeletable(ctx context.Context, id string) error {
	there, err := m.host.Deletable(ctx, id)
	if err != nil {
		return internal(err)
	}
	if !there {
		return refuse(NotFound, "Backup with id '%s' not found", id)
	}
	if err := m.host.CheckDeletable(ctx, id); err != nil {
		if errors.Is(err, steps.ErrNeeded) {
			return refuse(Conflict, "backup '%s' cannot be deleted: %v", id, err)
		}
		return internal(err)
	}
	return nil
}

// await waits for the end of an operation, at most for the given time, and
// returns it as it then is.
func (m *Manager) await(ctx context.Context, id string, patience time.Duration) (persistence.Operation, error) {
	m.mu.Lock()
	r := m.running[id]
	m.mu.Unlock()
	if r != nil {
		timer := time.NewTimer(patience)
		defer timer.Stop()
		select {
		case <-r.ended:
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	return m.store.Operation(context.WithoutCancel(ctx), id)
}
