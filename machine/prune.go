package machine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"dbcalm-db-cmd/persistence"
)

// pruneDeletePatience is how long one deletion of a prune is waited for. It
// goes on by itself after that.
const pruneDeletePatience = time.Hour

// Prune deletes the chains that the configured retention does not keep, and
// returns when that is over. Whatever ends it, what is left of a chain is whole
// from its full backup on, and the next prune goes on with it.
func (k *caretaker) Prune(ctx context.Context, r PruneRequest) (PruneReport, error) {
	report := PruneReport{Retention: k.retention, DryRun: r.DryRun}
	if k.retention.IsZero() {
		return report, nil
	}
	if !k.pruning.TryLock() {
		return report, refuse(Conflict, "backups are just being pruned: wait for the end of that")
	}
	defer k.pruning.Unlock()
	chains, err := k.catalogue.chains(ctx)
	if err != nil {
		return report, err
	}
	used, err := k.uses(ctx)
	if err != nil {
		return report, err
	}
	for i := range chains {
		if use := used.of(chains[i].ids()); use != "" && chains[i].held == "" {
			chains[i].held = use
		}
	}
	fates := k.retention.decide(chains, time.Now())
	slices.SortFunc(chains, func(a, b ownedChain) int { return a.links[0].StartTime.Compare(b.links[0].StartTime) })
	for _, c := range chains {
		f := fates[c.full]
		p := PrunedChain{Chain: c.full, Count: len(c.links), Size: c.size(), Newest: c.newest(), Goes: f.goes, Why: f.why}
		if f.goes {
			p.Backups = c.ids()
		}
		report.Chains = append(report.Chains, p)
	}
	if r.DryRun {
		return report, nil
	}
	witness := newestGood(chains)
	for i, c := range chains {
		if !report.Chains[i].Goes {
			continue
		}
		if err := k.pruneChain(ctx, c, witness, &report.Chains[i].Deleted); err != nil {
			report.Chains[i].Problem = err.Error()
			k.log.Warn().Err(err).Str(keyBackup, c.full).Msg("chain not pruned")
		}
	}
	return report, nil
}

// pruneChain deletes the backups of a chain, the last one first, and counts
// them.
func (k *caretaker) pruneChain(ctx context.Context, c ownedChain, witness string, deleted *int) error {
	used, err := k.uses(ctx)
	if err != nil {
		return err
	}
	if use := used.of(c.ids()); use != "" {
		return fmt.Errorf("%s: run this again after that", use)
	}
	rows, err := k.store.Backups(ctx)
	if err != nil {
		return err
	}
	for _, b := range rows {
		if ids := c.ids(); slices.Contains(ids, b.FromBackupID) && !slices.Contains(ids, b.ID) {
			return fmt.Errorf("backup '%s' has been taken on it meanwhile", b.ID)
		}
	}
	k.log.Info().Str(keyBackup, c.full).Int("backups", len(c.links)).Msg("chain is pruned")
	for _, b := range slices.Backward(c.links) {
		if ctx.Err() != nil || k.engine.base.Err() != nil {
			return errors.New("the daemon is stopping: run this again when it has started")
		}
		// Without its disk, a backup looks as if only its record were left.
		if k.host.Store.Gone(witness) || b.ToLSN != 0 && k.host.Store.Gone(b.ID) {
			return fmt.Errorf("the folder of backup '%s' has just vanished: check that the disk of backup_dir is mounted, and run this again", b.ID)
		}
		if err := k.deleteAndWait(ctx, b.ID); err != nil {
			return err
		}
		*deleted++
	}
	return nil
}

// deleteAndWait deletes a backup as a client does, and waits for the end
// however long it takes.
func (k *caretaker) deleteAndWait(ctx context.Context, id string) error {
	if err := k.catalogue.checkDeletable(ctx, id); err != nil {
		return err
	}
	claims := []persistence.Claim{{BackupID: id, Use: persistence.Deletes}}
	operation, err := k.engine.accept(ctx, order{command: commandDeleteBackup}, id, Args{ID: id}, claims, nil)
	if err != nil {
		return err
	}
	o, err := k.engine.await(ctx, operation, pruneDeletePatience)
	switch {
	case err != nil:
		return err
	case o.Status == persistence.Succeeded:
		return nil
	case o.Status.Open():
		return fmt.Errorf("the deletion of backup '%s', operation %s, is not over yet: run this again when it is", id, operation)
	}
	return fmt.Errorf("backup '%s' was not deleted: %s; mend that, then dbcalm-db-cmd operations retry %s, and run this again",
		id, o.Error, operation)
}

// uses are the uses that open operations make of backups.
type uses []persistence.Claim

func (k *caretaker) uses(ctx context.Context) (uses, error) {
	claims, err := k.store.OpenClaims(ctx)
	if err != nil {
		return nil, internal(err)
	}
	return claims, nil
}

// of tells of the first use of any of the given backups; empty for none.
func (u uses) of(ids []string) string {
	for _, c := range u {
		if slices.Contains(ids, c.BackupID) {
			return fmt.Sprintf("in use: operation %s %s '%s'", c.OperationID, c.Use, c.BackupID)
		}
	}
	return ""
}
