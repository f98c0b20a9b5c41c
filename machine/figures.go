package machine

import (
	"context"
	"maps"
	"slices"
	"time"

	"dbcalm-db-cmd/persistence"
)

// Figures are what there is to count of operations and backups. They come from
// the database and the store, so that a new daemon goes on where the last one
// was.
type Figures struct {
	persistence.Figures
	// Machines are the machines there are, with the states that can fail.
	Machines map[string][]string
	Backups  BackupFigures
}

// What Figures are made of.
type (
	OpenFigure     = persistence.OpenFigure
	EndFigure      = persistence.EndFigure
	TookFigure     = persistence.TookFigure
	SurvivedFigure = persistence.SurvivedFigure
)

// BackupFigures are what there is to count of the recorded backups.
type BackupFigures struct {
	Full, Incremental KindFigures
	// Damaged counts the backups in which a verification has found damage.
	Damaged int
	// Good is when the newest backup was ended that nothing is known against:
	// each link of its chain is recorded, has all its files, joins the one before
	// and is not known as damaged. It is the zero time without one.
	Good time.Time
	// Newest is the verification of the newest backup's chain; nil without a
	// backup.
	Newest *ChainFigures
}

// KindFigures are about the backups of one kind.
type KindFigures struct {
	Count int
	// Ended and Size are those of the newest; the zero time without one.
	Ended time.Time
	Size  int64
}

// ChainFigures are the least that is known of any link of a chain.
type ChainFigures struct {
	// Level is how many of the levels of verification all links have passed.
	Level int
	// Passed is when the link was last verified for which that is longest ago;
	// the zero time if one never was.
	Passed time.Time
}

// Figures counts operations and backups. Bounds, in seconds, divide how long
// operations took.
func (m *Manager) Figures(ctx context.Context, bounds []float64) (Figures, error) {
	f := Figures{Machines: map[string][]string{}}
	var err error
	if f.Figures, err = m.store.Figures(ctx, bounds); err != nil {
		return f, err
	}
	for name, d := range m.definitions {
		f.Machines[name] = []string{}
		for _, state := range d.Order() {
			if d.States[state].Step != "" {
				f.Machines[name] = append(f.Machines[name], state)
			}
		}
	}
	recorded, err := m.store.Backups(ctx)
	if err != nil {
		return f, err
	}
	known, err := m.store.Verifications(ctx)
	if err != nil {
		return f, err
	}
	m.forgetOthers(known)
	f.Backups = m.backupFigures(ctx, recorded, known)
	return f, nil
}

// forgetOthers leaves out what was found in another backup that had the same
// id.
func (m *Manager) forgetOthers(known map[string]persistence.Verification) {
	maps.DeleteFunc(known, func(id string, v persistence.Verification) bool { return v.MadeBy != m.host.MadeBy(id) })
}

// backupFigures counts backups, of which the database lists the oldest first.
func (m *Manager) backupFigures(ctx context.Context, recorded []persistence.Backup, known map[string]persistence.Verification) BackupFigures {
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
		unusable := func(id string) bool { return !m.usable(id, known, usable) }
		if len(chain) > 0 && !slices.ContainsFunc(chain, unusable) && m.whole(ctx, chain) {
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
func (m *Manager) usable(id string, known map[string]persistence.Verification, seen map[string]bool) bool {
	verdict, found := seen[id]
	if !found {
		_, _, err := m.host.Span(id)
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
