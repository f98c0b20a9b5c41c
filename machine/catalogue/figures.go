package catalogue

import (
	"context"
	"slices"
	"time"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/store"
)

// about returns what is known of a backup, and nothing of what was found in another
// one that had the same id. It reads the backup's manifest, so it is asked of those
// that matter only.
func (cat *Catalogue) about(known map[string]persistence.Verification, id string) persistence.Verification {
	v, found := known[id]
	if found && v.MadeBy != cat.host.Store.MadeBy(id) {
		delete(known, id)
		return persistence.Verification{}
	}
	return v
}

// Figures counts the recorded backups.
func (cat *Catalogue) Figures(ctx context.Context) (api.BackupFigures, error) {
	recorded, err := cat.store.Backups(ctx)
	if err != nil {
		return api.BackupFigures{}, err
	}
	known, err := cat.store.Verifications(ctx)
	if err != nil {
		return api.BackupFigures{}, err
	}
	return cat.backupFigures(ctx, recorded, known), nil
}

// backupFigures counts backups, of which the database lists the oldest first.
func (cat *Catalogue) backupFigures(ctx context.Context, recorded []persistence.Backup,
	known map[string]persistence.Verification) api.BackupFigures {
	var f api.BackupFigures
	from := map[string]string{}
	for _, b := range recorded {
		from[b.ID] = b.FromBackupID
		kind := &f.Full
		if b.FromBackupID != "" {
			kind = &f.Incremental
		}
		kind.Count++
		kind.Ended, kind.Size = endOf(b), 0
		if b.Size != nil {
			kind.Size = *b.Size
		}
		if known[b.ID].Damage != "" && cat.about(known, b.ID).Damage != "" {
			f.Damaged++
		}
	}
	usable := map[string]bool{}
	for _, b := range slices.Backward(recorded) {
		chain, err := store.WalkChain(b.ID, parentOf(from))
		if err != nil {
			chain = nil // it cannot be restored
		}
		if f.Newest == nil {
			f.Newest = cat.chainFigures(chain, known)
		}
		unusable := func(id string) bool { return !cat.usable(id, known, usable) }
		if len(chain) > 0 && !slices.ContainsFunc(chain, unusable) && cat.whole(ctx, chain) {
			f.Good = endOf(b)
			break
		}
	}
	return f
}

// endOf is when a backup ended, as far as is recorded.
func endOf(b persistence.Backup) time.Time {
	if b.EndTime != nil {
		return *b.EndTime
	}
	return b.StartTime
}

// usable reports whether nothing is known against a backup by itself.
func (cat *Catalogue) usable(id string, known map[string]persistence.Verification, seen map[string]bool) bool {
	verdict, found := seen[id]
	if !found {
		_, _, err := cat.host.Store.Span(id)
		// Of damage in another backup of that id nothing is known any more.
		verdict = err == nil && known[id].Damage == ""
		seen[id] = verdict
	}
	return verdict
}

func (cat *Catalogue) chainFigures(chain []string, known map[string]persistence.Verification) *api.ChainFigures {
	f := &api.ChainFigures{Level: len(persistence.Levels)}
	if len(chain) == 0 {
		f.Level = 0
	}
	for i, id := range chain {
		v := cat.about(known, id)
		f.Level = min(f.Level, slices.Index(persistence.Levels, v.Level)+1)
		if i == 0 || v.PassedAt.Before(f.Passed) {
			f.Passed = v.PassedAt
		}
	}
	return f
}
