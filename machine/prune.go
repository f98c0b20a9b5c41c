package machine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/machine/catalogue"
	"dbcalm-db-cmd/persistence"
)

// pruneDeletePatience is how long one deletion of a prune is waited for. It
// goes on by itself after that.
const pruneDeletePatience = time.Hour

// caretaker deletes what the retention lets go.
type caretaker struct {
	common
	engine    *engine
	backups   *catalogue.Catalogue
	retention api.Retention
	// pruning is held by the prune under way.
	pruning sync.Mutex
}

// Prune deletes the chains that the configured retention does not keep, and
// returns when that is over. Whatever ends it, what is left of a chain is whole
// from its full backup on, and the next prune goes on with it.
func (k *caretaker) Prune(ctx context.Context, r api.PruneRequest) (api.PruneReport, error) {
	report := api.PruneReport{Retention: k.retention, DryRun: r.DryRun}
	if k.retention.IsZero() {
		return report, nil
	}
	if !k.pruning.TryLock() {
		return report, api.Refuse(api.Conflict, "backups are just being pruned: wait for the end of that")
	}
	defer k.pruning.Unlock()
	chains, witness, err := k.backups.PlanPrune(ctx, k.retention)
	if err != nil {
		return report, err
	}
	for _, c := range chains {
		report.Chains = append(report.Chains, c.PrunedChain)
	}
	if r.DryRun {
		return report, nil
	}
	for i, c := range chains {
		if !report.Chains[i].Goes {
			continue
		}
		if err := k.pruneChain(ctx, c, witness, &report.Chains[i].Deleted); err != nil {
			report.Chains[i].Problem = err.Error()
			k.log.Warn().Err(err).Str(keyBackup, c.Chain).Msg("chain not pruned")
		}
	}
	return report, nil
}

// pruneChain deletes the backups of a chain, the last one first, and counts
// them.
func (k *caretaker) pruneChain(ctx context.Context, c catalogue.Planned, witness string, deleted *int) error {
	use, err := k.backups.InUse(ctx, c.Backups)
	if err != nil {
		return err
	}
	if use != "" {
		return fmt.Errorf("%s: run this again after that", use)
	}
	rows, err := k.store.Backups(ctx)
	if err != nil {
		return err
	}
	for _, b := range rows {
		if slices.Contains(c.Backups, b.FromBackupID) && !slices.Contains(c.Backups, b.ID) {
			return fmt.Errorf("backup '%s' has been taken on it meanwhile", b.ID)
		}
	}
	k.log.Info().Str(keyBackup, c.Chain).Int("backups", c.Count).Msg("chain is pruned")
	for _, b := range slices.Backward(c.Links) {
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
	if err := k.backups.CheckDeletable(ctx, id); err != nil {
		return err
	}
	claims := []persistence.Claim{{BackupID: id, Use: persistence.Deletes}}
	operation, err := k.engine.accept(ctx, order{command: commandDeleteBackup}, id, api.Args{ID: id}, claims, nil)
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
