package catalogue

import (
	"context"
	"fmt"
	"time"
)

// KnownDamage says what verifications and restores have found wrong with the
// first damaged one of these backups; empty for nothing.
func (cat *Catalogue) KnownDamage(ctx context.Context, ids []string) (string, error) {
	known, err := cat.store.Verifications(ctx)
	if err != nil {
		return "", err
	}
	for _, id := range ids {
		if v := cat.about(known, id); v.Damage != "" {
			return fmt.Sprintf("backup '%s' is known to be damaged, found on %s: %s", id, v.FailedAt.UTC().Format(time.DateTime), v.Damage), nil
		}
	}
	return "", nil
}
