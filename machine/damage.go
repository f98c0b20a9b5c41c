package machine

import (
	"context"
	"fmt"
	"time"

	"dbcalm-db-cmd/steps"
)

// knownDamage says what verifications and restores have found wrong with the
// first damaged one of these backups; empty for nothing.
func (m *Manager) knownDamage(ctx context.Context, ids []string) (string, error) {
	known, err := m.store.Verifications(ctx)
	if err != nil {
		return "", err
	}
	m.forgetOthers(known)
	for _, id := range ids {
		if v := known[id]; v.Damage != "" {
			return fmt.Sprintf("backup '%s' is known to be damaged, found on %s: %s", id, v.FailedAt.UTC().Format(time.DateTime), v.Damage), nil
		}
	}
	return "", nil
}

// checkUndamaged refuses to let a backup stand on one that cannot be restored.
func (m *Manager) checkUndamaged(ctx context.Context, base string) error {
	ids, err := steps.Lineage(ctx, m.store, base)
	if err != nil {
		// What is wrong with the chain is the operation's to say.
		return nil
	}
	damage, err := m.knownDamage(ctx, ids)
	if err != nil {
		return internal(err)
	}
	if damage != "" {
		return refuse(Conflict, "%s; take a full backup, or mend it and verify it again", damage)
	}
	return nil
}
