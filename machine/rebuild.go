package machine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/google/uuid"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/crashpoint"
)

// Rebuild compares the table of backups with the store, records backups whose
// record is lost, and tells of all else that does not match. It changes
// nothing that an open operation works on, and no folder of a backup ever.
func (k *caretaker) Rebuild(ctx context.Context, r RebuildRequest) (RebuildReport, error) {
	before, err := k.snapshot(ctx)
	if err != nil {
		return RebuildReport{}, internal(err)
	}
	folders, err := k.host.Store.Survey(ctx, before.recorded)
	if errors.Is(err, fs.ErrNotExist) && len(before.rows) == 0 {
		folders, err = nil, nil
	}
	if err != nil {
		return RebuildReport{}, &Error{Kind: Unavailable, Err: err,
			Message: fmt.Sprintf("%v: check that its disk is mounted; nothing was changed", err)}
	}
	// Read again: whatever began or ended while the store was looked at is left
	// for the next time.
	after, err := k.snapshot(ctx)
	if err != nil {
		return RebuildReport{}, internal(err)
	}
	p := newPlan(k.host.Store.BackupDir, before, after, folders, k.host.Store.Gone)
	p.store = k.host.Store.Identity()
	if r.Prune && p.storeIsAway() {
		return RebuildReport{}, k.storeAway(len(p.rows))
	}
	p.decide(r.Prune)
	recorded, err := k.writeRebuild(ctx, p)
	if err != nil {
		return RebuildReport{}, err
	}
	leftovers, err := k.leftovers(ctx, r.Prune)
	if err != nil {
		return RebuildReport{}, internal(err)
	}
	return RebuildReport{Recorded: recorded, Findings: append(p.findings, leftovers...)}, nil
}

// storeAway refuses to take an empty folder for the store.
func (k *caretaker) storeAway(recorded int) error {
	return refuse(Unavailable, "not one of the backups that are recorded (%d) is in backup_dir %s: mount its disk; nothing was changed. "+
		"If they are gone for good, remove each record with dbcalm-db-cmd backups delete ID",
		recorded, k.host.Store.BackupDir)
}

// snapshot is what the database says of backups at one time.
type snapshot struct {
	rows map[string]persistence.Backup
	// used are the backups that open operations use.
	used map[string]bool
	// made are the manifests, by their SHA-256, that operations of this ledger
	// have written.
	made map[string]bool
}

func (c snapshot) recorded(id string) bool { _, found := c.rows[id]; return found }

func (k *caretaker) snapshot(ctx context.Context) (snapshot, error) {
	c := snapshot{rows: map[string]persistence.Backup{}, used: map[string]bool{}}
	claims, err := k.store.OpenClaims(ctx)
	if err != nil {
		return c, err
	}
	for _, claim := range claims {
		c.used[claim.BackupID] = true
	}
	if c.made, err = k.store.MadeHere(ctx); err != nil {
		return c, err
	}
	list, err := k.store.Backups(ctx)
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
func (k *caretaker) writeRebuild(ctx context.Context, p *rebuildPlan) (int, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), acceptTimeout)
	defer cancel()
	// No operation is accepted meanwhile that would make or remove a folder
	// which has just been looked at.
	k.engine.mu.Lock()
	defer k.engine.mu.Unlock()
	if k.engine.base.Err() != nil {
		return 0, refuse(Unavailable, "the daemon is stopping: try again when it has started")
	}
	p.changes.Found = slices.DeleteFunc(p.changes.Found, func(f persistence.FoundBackup) bool { return k.host.Store.Gone(f.Backup.ID) })
	p.changes.Gone = slices.DeleteFunc(p.changes.Gone, func(b persistence.Backup) bool { return !k.host.Store.Gone(b.ID) })
	// The disk may have been taken away just now.
	if len(p.changes.Gone) > 0 && !p.holdsAny(k.host.Store.Gone) {
		return 0, k.storeAway(len(p.rows))
	}
	if len(p.changes.Found)+len(p.changes.Gone) == 0 {
		p.settle(nil, nil)
		return len(p.rows), nil
	}
	for i := range p.changes.Found {
		if err := k.ownRun(ctx, &p.changes.Found[i].Process); err != nil {
			return 0, internal(err)
		}
	}
	crashpoint.Here("rebuild-before")
	made, removed, err := k.store.Rebuild(ctx, p.changes)
	if err != nil {
		return 0, internal(err)
	}
	crashpoint.Here("rebuild-recorded")
	for _, id := range made {
		k.log.Info().Str(keyBackup, id).Bool(keyMadeHere, p.madeHere(id)).Msg("backup recorded again from its manifest")
	}
	for _, id := range removed {
		k.log.Info().Str(keyBackup, id).Msg("record of a backup without a folder removed")
	}
	p.settle(made, removed)
	return len(p.rows) + len(made) - len(removed), nil
}

// ownRun gives the process row of a backup that is recorded again an id of its
// own if the operation which made the backup is known and did not succeed: its
// clients were told so, and still are.
func (k *caretaker) ownRun(ctx context.Context, p *persistence.Process) error {
	o, err := k.store.Operation(ctx, p.CommandID)
	if err != nil && !errors.Is(err, persistence.ErrNotFound) {
		return err
	}
	if p.CommandID == "" || err == nil && o.Status != persistence.Succeeded {
		p.CommandID = uuid.NewString()
	}
	return nil
}
