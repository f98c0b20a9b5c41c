package screen

import (
	"cmp"
	"errors"
	"slices"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps/store"
)

// Chains says which backup stands on which.
type Chains struct {
	// sorted is every backup, oldest first.
	sorted []api.BackupView
	byID   map[string]api.BackupView
	// above has, by the id of a backup, those that stand on it, oldest first.
	above map[string][]api.BackupView
}

// NewChains takes every backup there is, in any order.
func NewChains(backups []api.BackupView) Chains {
	c := Chains{sorted: slices.Clone(backups), byID: map[string]api.BackupView{}, above: map[string][]api.BackupView{}}
	slices.SortStableFunc(c.sorted, func(x, y api.BackupView) int {
		return cmp.Or(x.StartTime.Compare(y.StartTime), cmp.Compare(x.ID, y.ID))
	})
	for _, b := range c.sorted {
		c.byID[b.ID] = b
		c.above[b.FromBackupID] = append(c.above[b.FromBackupID], b)
	}
	return c
}

// Above returns the backups that stand directly on one, oldest first.
func (c Chains) Above(id string) []api.BackupView { return c.above[id] }

// End is how a walk along a chain ended.
type End int

const (
	// AtFull: the chain begins with a full backup.
	AtFull End = iota
	// AtMissing: the first backup stands on one that is not there.
	AtMissing
	// AtItself: the first backup stands on one of those that were passed.
	AtItself
)

// Walk returns the chain that ends with a backup, the first one first, and how
// it begins; it is empty, with AtMissing, where there is no such backup.
func (c Chains) Walk(id string) ([]string, End) {
	links, err := store.WalkChain(id, func(id string) (string, error) {
		b, there := c.byID[id]
		if !there {
			return "", errMissing
		}
		return b.FromBackupID, nil
	})
	switch {
	case errors.Is(err, store.ErrCircle):
		return links, AtItself
	case err != nil:
		return links, AtMissing
	}
	return links, AtFull
}

// errMissing ends a walk at a backup that is not there.
var errMissing = errors.New("is not there")

// Base returns the id of the backup that another stands on, or "".
func (c Chains) Base(id string) string { return c.byID[id].FromBackupID }
