package machine

import (
	"context"
	"maps"
	"slices"
	"time"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/store"
)

// forgetOthers leaves out what was found in another backup that had the same
// id.
func (cat *catalogue) forgetOthers(known map[string]persistence.Verification) {
	maps.DeleteFunc(known, func(id string, v persistence.Verification) bool { return v.MadeBy != cat.host.Store.MadeBy(id) })
}

// backupFigures counts backups, of which the database lists the oldest first.
func (cat *catalogue) backupFigures(ctx context.Context, recorded []persistence.Backup,
	known map[string]persistence.Verification) BackupFigures {
	var f BackupFigures
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
		if known[b.ID].Damage != "" {
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
			f.Newest = chainFigures(chain, known)
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
func (cat *catalogue) usable(id string, known map[string]persistence.Verification, seen map[string]bool) bool {
	verdict, found := seen[id]
	if !found {
		_, _, err := cat.host.Store.Span(id)
		verdict = err == nil && known[id].Damage == ""
		seen[id] = verdict
	}
	return verdict
}

func chainFigures(chain []string, known map[string]persistence.Verification) *ChainFigures {
	f := &ChainFigures{Level: len(persistence.Levels)}
	if len(chain) == 0 {
		f.Level = 0
	}
	for i, id := range chain {
		v := known[id]
		f.Level = min(f.Level, slices.Index(persistence.Levels, v.Level)+1)
		if i == 0 || v.PassedAt.Before(f.Passed) {
			f.Passed = v.PassedAt
		}
	}
	return f
}
