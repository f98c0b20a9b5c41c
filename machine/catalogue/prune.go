package catalogue

import (
	"context"
	"fmt"
	"slices"
	"time"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/persistence"
)

// Planned is a chain, and what a prune makes of it.
type Planned struct {
	api.PrunedChain
	// Links are its backups, each after the one it stands on.
	Links []api.BackupView
}

// PlanPrune tells what a retention decides of every chain there is, the oldest
// first, and which is the newest good one: its full backup's id.
func (cat *Catalogue) PlanPrune(ctx context.Context, r api.Retention) (planned []Planned, witness string, err error) {
	chains, err := cat.chains(ctx)
	if err != nil {
		return nil, "", err
	}
	used, err := cat.uses(ctx)
	if err != nil {
		return nil, "", err
	}
	for i := range chains {
		if use := used.of(chains[i].ids()); use != "" && chains[i].held == "" {
			chains[i].held = use
		}
	}
	fates := decide(r, chains, time.Now())
	slices.SortFunc(chains, func(a, b ownedChain) int { return a.began - b.began })
	for _, c := range chains {
		f := fates[c.full]
		p := api.PrunedChain{Chain: c.full, Count: len(c.links), Size: c.size(), Newest: c.newest, Goes: f.goes, Why: f.why}
		if f.goes {
			p.Backups = c.ids()
		}
		planned = append(planned, Planned{p, c.links})
	}
	return planned, newestGood(chains), nil
}

// InUse tells of the first use that an open operation makes of any of the
// given backups; empty for none.
func (cat *Catalogue) InUse(ctx context.Context, ids []string) (string, error) {
	used, err := cat.uses(ctx)
	if err != nil {
		return "", err
	}
	return used.of(ids), nil
}

// uses are the uses that open operations make of backups.
type uses []persistence.Claim

func (cat *Catalogue) uses(ctx context.Context) (uses, error) {
	claims, err := cat.store.OpenClaims(ctx)
	if err != nil {
		return nil, api.Failure(err)
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
