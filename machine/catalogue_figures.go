package machine

import (
	"context"
	"maps"
	"slices"
	"time"

	"dbcalm-db-cmd/persistence"
)

// forgetOthers leaves out what was found in another backup that had the same
// id.
func (cat *catalogue) forgetOthers(known map[string]persistence.Verification) {
	maps.DeleteFunc(known, func(id string, v persistence.Verification) bool { return v.MadeBy != cat.host.MadeBy(id) })
}

// backupFigures counts backups, of which the database lists the oldest first.
func (cat *catalogue) backupFigures(ctx context.Context, recorded []persistence.Backup, known map[string]persistence.Verification) BackupFigures {
	var f BackupFigures
	byID := map[string]persistence.Backup{}
	for _, b := range recorded {
		byID[b.ID] = b
		kind := &f.Full
		if b.FromBackupID != "" {
			kind = &f.Incremental
		}
		kind.Count++
		kind.Ended, kind.Size = ended(b), 0
		if b.Size != nil {
			kind.Size = *b.Size
		}
		if known[b.ID].Damage != "" {
			f.Damaged++
		}
	}
	usable := map[string]bool{}
	for _, b := range slices.Backward(recorded) {
		chain := chainOf(byID, b.ID)
		if f.Newest == nil {
			f.Newest = chainFigures(chain, known)
		}
		unusable := func(id string) bool { return !cat.usable(id, known, usable) }
		if len(chain) > 0 && !slices.ContainsFunc(chain, unusable) && cat.whole(ctx, chain) {
			f.Good = ended(b)
			break
		}
	}
	return f
}

func ended(b persistence.Backup) time.Time {
	if b.EndTime != nil {
		return *b.EndTime
	}
	return b.StartTime
}

// chainOf returns the links of a chain, the last first; nil if one is not
// recorded.
func chainOf(byID map[string]persistence.Backup, id string) []string {
	var chain []string
	for id != "" {
		b, found := byID[id]
		if !found || slices.Contains(chain, id) {
			return nil
		}
		chain = append(chain, id)
		id = b.FromBackupID
	}
	return chain
}

// usable reports whether nothing is known against a backup by itself.
func (cat *catalogue) usable(id string, known map[string]persistence.Verification, seen map[string]bool) bool {
	verdict, found := seen[id]
	if !found {
		_, _, err := cat.host.Span(id)
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
