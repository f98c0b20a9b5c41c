package catalogue

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/google/uuid"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/crashpoint"
)

// Operator is who runs the operations, as the care of the backups needs it.
type Operator interface {
	// AtWork reports whether an operation is open, or its end is just being
	// recorded.
	AtWork(o persistence.Operation) bool
	// Quietly makes a change while no operation begins, ends or is retried. The
	// change must not ask the operator anything but what it is given: whether an
	// operation is at work, and whether the daemon stops.
	Quietly(change func(atWork func(o persistence.Operation) bool, stopping bool) error) error
}

// Rebuild compares the table of backups with the store, records backups whose
// record is lost, and tells of all else that does not match. It changes
// nothing that an open operation works on, and no folder of a backup ever.
func (cat *Catalogue) Rebuild(ctx context.Context, r api.RebuildRequest, runs Operator) (api.RebuildReport, error) {
	before, err := cat.snapshot(ctx)
	if err != nil {
		return api.RebuildReport{}, api.Failure(err)
	}
	folders, err := cat.host.Store.Survey(ctx, before.recorded)
	if errors.Is(err, fs.ErrNotExist) && len(before.rows) == 0 {
		folders, err = nil, nil
	}
	if err != nil {
		return api.RebuildReport{}, &api.Error{Kind: api.Unavailable, Err: err,
			Message: fmt.Sprintf("%v: check that its disk is mounted; nothing was changed", err)}
	}
	// Read again: whatever began or ended while the store was looked at is left
	// for the next time.
	after, err := cat.snapshot(ctx)
	if err != nil {
		return api.RebuildReport{}, api.Failure(err)
	}
	p := newPlan(cat.host.Store.BackupDir, before, after, folders, cat.host.Store.Gone)
	p.store = cat.host.Store.Identity()
	if r.Prune && p.storeIsAway() {
		return api.RebuildReport{}, cat.storeAway(len(p.rows))
	}
	p.decide(r.Prune)
	recorded, err := cat.writeRebuild(ctx, p, runs)
	if err != nil {
		return api.RebuildReport{}, err
	}
	leftovers, err := cat.leftovers(ctx, r.Prune, runs)
	if err != nil {
		return api.RebuildReport{}, api.Failure(err)
	}
	return api.RebuildReport{Recorded: recorded, Findings: append(p.findings, leftovers...)}, nil
}

// storeAway refuses to take an empty folder for the store.
func (cat *Catalogue) storeAway(recorded int) error {
	return api.Refuse(api.Unavailable,
		"not one of the backups that are recorded (%d) is in backup_dir %s: mount its disk; nothing was changed. "+
			"If they are gone for good, remove each record with dbcalm-db-cmd backups delete ID",
		recorded, cat.host.Store.BackupDir)
}

func (cat *Catalogue) snapshot(ctx context.Context) (snapshot, error) {
	c := snapshot{rows: map[string]persistence.Backup{}, used: map[string]bool{}}
	claims, err := cat.store.OpenClaims(ctx)
	if err != nil {
		return c, err
	}
	for _, claim := range claims {
		c.used[claim.BackupID] = true
	}
	if c.made, err = cat.store.MadeHere(ctx); err != nil {
		return c, err
	}
	list, err := cat.store.Backups(ctx)
	if err != nil {
		return c, err
	}
	for _, b := range list {
		c.rows[b.ID] = b
	}
	return c, nil
}

// writeRebuild makes the planned changes of the table, all or none, and notes
// in the findings which were made. It returns how many backups are recorded.
func (cat *Catalogue) writeRebuild(ctx context.Context, p *rebuildPlan, runs Operator) (recorded int, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rebuildTimeout)
	defer cancel()
	// No operation is accepted meanwhile that would make or remove a folder
	// which has just been looked at.
	err = runs.Quietly(func(_ func(persistence.Operation) bool, stopping bool) error {
		if stopping {
			return api.Refuse(api.Unavailable, "the daemon is stopping: try again when it has started")
		}
		recorded, err = cat.writeChanges(ctx, p)
		return err
	})
	return recorded, err
}

// rebuildTimeout bounds the writing of what a rebuild has found: commands wait for
// it.
const rebuildTimeout = 3 * time.Second

// writeChanges is writeRebuild while no operation begins.
func (cat *Catalogue) writeChanges(ctx context.Context, p *rebuildPlan) (int, error) {
	p.changes.Found = slices.DeleteFunc(p.changes.Found, func(f persistence.FoundBackup) bool { return cat.host.Store.Gone(f.Backup.ID) })
	p.changes.Gone = slices.DeleteFunc(p.changes.Gone, func(b persistence.Backup) bool { return !cat.host.Store.Gone(b.ID) })
	// The disk may have been taken away just now.
	if len(p.changes.Gone) > 0 && !p.holdsAny(cat.host.Store.Gone) {
		return 0, cat.storeAway(len(p.rows))
	}
	if len(p.changes.Found)+len(p.changes.Gone) == 0 {
		p.settle(nil, nil)
		return len(p.rows), nil
	}
	for i := range p.changes.Found {
		if err := cat.ownRun(ctx, &p.changes.Found[i].Process); err != nil {
			return 0, api.Failure(err)
		}
	}
	crashpoint.Here("rebuild-before")
	made, removed, err := cat.store.Rebuild(ctx, p.changes)
	if err != nil {
		return 0, api.Failure(err)
	}
	crashpoint.Here("rebuild-recorded")
	for _, id := range made {
		cat.log.Info().Str(keyOfBackup, id).Bool("made_here", p.madeHere(id)).Msg("backup recorded again from its manifest")
	}
	for _, id := range removed {
		cat.log.Info().Str(keyOfBackup, id).Msg("record of a backup without a folder removed")
	}
	p.settle(made, removed)
	return len(p.rows) + len(made) - len(removed), nil
}

// ownRun gives the process row of a backup that is recorded again an id of its
// own if the operation which made the backup is known and did not succeed: its
// clients were told so, and still are.
func (cat *Catalogue) ownRun(ctx context.Context, p *persistence.Process) error {
	o, err := cat.store.Operation(ctx, p.CommandID)
	if err != nil && !errors.Is(err, persistence.ErrNotFound) {
		return err
	}
	if p.CommandID == "" || err == nil && o.Status != persistence.Succeeded {
		p.CommandID = uuid.NewString()
	}
	return nil
}
