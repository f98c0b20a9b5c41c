package machine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
)

// ownedChain is a full backup with everything that stands on it, and what
// bears on whether it may go.
type ownedChain struct {
	// full is the id of the full backup.
	full string
	// links are its backups, each after the one it stands on.
	links []BackupView
	// held says why it must stay whatever the retention is; empty for nothing.
	held string
	// problem says why it is not good; empty if it is.
	problem string
	// counts says whether its full backup is good, so that it counts as one.
	counts bool
}

// newest is when the newest backup of the chain ended.
func (c ownedChain) newest() time.Time {
	var newest time.Time
	for _, b := range c.links {
		if b.StartTime.After(newest) {
			newest = b.StartTime
		}
		if b.EndTime != nil && b.EndTime.After(newest) {
			newest = *b.EndTime
		}
	}
	return newest
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

// groupChains sorts backups, recorded or not, into chains.
func groupChains(views []BackupView) []ownedChain {
	sorted := slices.SortedFunc(slices.Values(views), func(a, b BackupView) int {
		return cmp.Or(a.StartTime.Compare(b.StartTime), cmp.Compare(a.ID, b.ID))
	})
	there, children := map[string]bool{}, map[string][]BackupView{}
	for _, v := range sorted {
		there[v.ID] = true
		children[v.FromBackupID] = append(children[v.FromBackupID], v)
	}
	taken := map[string]bool{}
	var chains []ownedChain
	begin := func(root BackupView, held string) {
		c := ownedChain{full: root.ID, held: held}
		var take func(BackupView)
		take = func(v BackupView) {
			if taken[v.ID] {
				return
			}
			taken[v.ID] = true
			c.add(v)
			for _, child := range children[v.ID] {
				take(child)
			}
		}
		take(root)
		c.counts = held == "" && root.Problem == ""
		chains = append(chains, c)
	}
	for _, v := range sorted {
		if v.FromBackupID == "" {
			begin(v, "")
		} else if !there[v.FromBackupID] {
			begin(v, fmt.Sprintf("it stands on '%s', which is not there: dbcalm-db-cmd backups rebuild tells more", v.FromBackupID))
		}
	}
	// What is left is in a circle: each stands on itself by way of others.
	for _, v := range sorted {
		if !taken[v.ID] {
			begin(v, "it stands on itself: dbcalm-db-cmd backups rebuild tells more")
		}
	}
	return chains
}

// add takes a backup into the chain, with what it means for the whole of it.
func (c *ownedChain) add(v BackupView) {
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
func (cat *catalogue) chains(ctx context.Context) ([]ownedChain, error) {
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
			if err := cat.host.CheckChain(ctx, ids); err != nil {
				c.problem = err.Error()
			}
		}
		if c.counts && c.problem != "" {
			c.counts = cat.host.CheckChain(ctx, []string{c.full}) == nil
		}
		if ctx.Err() != nil {
			return nil, internal(context.Cause(ctx))
		}
	}
	return chains, nil
}
