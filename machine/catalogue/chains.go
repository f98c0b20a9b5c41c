package catalogue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/store"
)

// ownedChain is a full backup with everything that stands on it, and what
// bears on whether it may go.
type ownedChain struct {
	// full is the id of the full backup.
	full string
	// links are its backups, each after the one it stands on.
	links []api.BackupView
	// held says why it must stay whatever the retention is; empty for nothing.
	held string
	// problem says why it is not good; empty if it is.
	problem string
	// counts says whether its full backup is good, so that it counts as one.
	counts bool
	// began and grew are the places of its full backup and of its newest one among
	// all backups, in the order in which they were made.
	began, grew int
	// newest is when the newest one ended.
	newest time.Time
}

func (c ownedChain) ids() []string {
	var ids []string
	for _, b := range c.links {
		ids = append(ids, b.ID)
	}
	return ids
}

func (c ownedChain) size() int64 {
	var size int64
	for _, b := range c.links {
		if b.Size != nil {
			size += *b.Size
		}
	}
	return size
}

// lineages returns, for each backup that none stands on, the ids from the full
// one to it.
func (c ownedChain) lineages() [][]string {
	to := map[string][]string{}
	var ends []string
	for _, b := range c.links {
		to[b.ID] = append(slices.Clone(to[b.FromBackupID]), b.ID)
		ends = append(slices.DeleteFunc(ends, func(id string) bool { return id == b.FromBackupID }), b.ID)
	}
	var lineages [][]string
	for _, id := range ends {
		lineages = append(lineages, to[id])
	}
	return lineages
}

// parentOf returns how to look up, for a walk along a chain, what a backup stands
// on: given what each of those there are stands on.
func parentOf(from map[string]string) func(id string) (string, error) {
	return func(id string) (string, error) {
		parent, there := from[id]
		if !there {
			return "", &store.MissingLinkError{ID: id}
		}
		return parent, nil
	}
}

// groupChains sorts backups, recorded or not, into chains.
func groupChains(views []api.BackupView) []ownedChain {
	sorted := slices.Clone(views)
	persistence.SortMade(sorted, func(v api.BackupView) persistence.Made {
		return persistence.Made{Number: v.Number, At: v.StartTime, ID: v.ID}
	})
	places := map[string]int{}
	for i, v := range sorted {
		places[v.ID] = i
	}
	from, byID := map[string]string{}, map[string]api.BackupView{}
	for _, v := range sorted {
		from[v.ID], byID[v.ID] = v.FromBackupID, v
	}
	depths, members, held := map[string]int{}, map[string][]api.BackupView{}, map[string]string{}
	var roots []string
	for _, v := range sorted {
		ids, err := store.WalkChain(v.ID, parentOf(from))
		root, why := ids[0], ""
		if missing, broken := errors.AsType[*store.MissingLinkError](err); broken {
			why = fmt.Sprintf("it stands on '%s', which is not there: dbcalm-db-cmd backups rebuild tells more", missing.ID)
		} else if err != nil {
			// Those in a circle are one chain, which begins with its oldest.
			root, why = v.ID, "it stands on itself: dbcalm-db-cmd backups rebuild tells more"
			if i := slices.IndexFunc(ids, func(id string) bool { return members[id] != nil }); i >= 0 {
				root = ids[i]
			}
		}
		if members[root] == nil {
			roots = append(roots, root)
		}
		depths[v.ID], members[root], held[root] = len(ids), append(members[root], v), why
	}
	var chains []ownedChain
	for _, root := range roots {
		newest := slices.MaxFunc(members[root], func(a, b api.BackupView) int { return places[a.ID] - places[b.ID] })
		c := ownedChain{full: root, began: places[root], grew: places[newest.ID], newest: ended(newest),
			held: held[root], counts: held[root] == "" && byID[root].Problem == ""}
		slices.SortStableFunc(members[root], func(a, b api.BackupView) int { return depths[a.ID] - depths[b.ID] })
		for _, v := range members[root] {
			c.add(v)
		}
		chains = append(chains, c)
	}
	return chains
}

// ended is when a backup ended, as far as is recorded.
func ended(v api.BackupView) time.Time {
	if v.EndTime != nil {
		return *v.EndTime
	}
	return v.StartTime
}

// add takes a backup into the chain, with what it means for the whole of it.
func (c *ownedChain) add(v api.BackupView) {
	c.links = append(c.links, v)
	if c.problem == "" && v.Problem != "" {
		c.problem = fmt.Sprintf("'%s': %s", v.ID, v.Problem)
	}
	switch {
	case c.held != "":
	case v.Unrecorded:
		c.held = fmt.Sprintf("'%s' has no record: dbcalm-db-cmd backups rebuild", v.ID)
	case v.StartTime.IsZero():
		c.held = fmt.Sprintf("it is not recorded when '%s' was taken", v.ID)
	}
}

// chains returns every chain there is, with all that is known against it.
func (cat *Catalogue) chains(ctx context.Context) ([]ownedChain, error) {
	views, err := cat.Backups(ctx)
	if err != nil {
		return nil, err
	}
	chains := groupChains(views)
	for i := range chains {
		c := &chains[i]
		for _, ids := range c.lineages() {
			if c.problem != "" {
				break
			}
			if err := cat.host.Store.CheckChain(ctx, ids); err != nil {
				c.problem = err.Error()
			}
		}
		if c.counts && c.problem != "" {
			c.counts = cat.host.Store.CheckChain(ctx, []string{c.full}) == nil
		}
		if ctx.Err() != nil {
			return nil, api.Failure(context.Cause(ctx))
		}
	}
	return chains, nil
}
