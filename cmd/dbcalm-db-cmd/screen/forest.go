package screen

import (
	"slices"

	"dbcalm-db-cmd/machine/api"
)

// TreeRow is a backup at its place in the drawing of the chains.
type TreeRow struct {
	Backup api.BackupView
	// Branch is drawn before the id.
	Branch string
	// Root reports that it begins a chain; orphan is a root whose base is not recorded.
	Root, orphan bool
}

// Problem is what is wrong with the backup, or with its place.
func (r TreeRow) Problem() string {
	if r.Backup.Problem == "" && r.orphan {
		return "stands on " + r.Backup.FromBackupID + ", which is not recorded"
	}
	return r.Backup.Problem
}

// Forest orders the backups for drawing: chains oldest first, below each backup
// those that stand on it, oldest first. Every backup comes exactly once,
// whatever the records say.
func (c Chains) Forest() []TreeRow {
	f := planting{Chains: c, planted: map[string]bool{}}
	for _, b := range c.sorted {
		if _, there := c.byID[b.FromBackupID]; !there {
			f.plant(TreeRow{Backup: b, Root: true, orphan: b.FromBackupID != ""}, "")
		}
	}
	// The backups that are left stand on each other in a ring. The oldest of a
	// ring is drawn as the root of the others.
	for _, b := range c.sorted {
		if !f.planted[b.ID] {
			f.plant(TreeRow{Backup: b, Root: true}, "")
		}
	}
	return f.rows
}

type planting struct {
	Chains
	planted map[string]bool
	rows    []TreeRow
}

// plant adds a row and all below it; margin is what stands left of their
// branches.
func (f *planting) plant(row TreeRow, margin string) {
	f.planted[row.Backup.ID] = true
	f.rows = append(f.rows, row)
	children := slices.DeleteFunc(slices.Clone(f.above[row.Backup.ID]), func(b api.BackupView) bool {
		return f.planted[b.ID]
	})
	for i, child := range children {
		branch, below := "├─ ", "│  "
		if i == len(children)-1 {
			branch, below = "└─ ", "   "
		}
		f.plant(TreeRow{Backup: child, Branch: margin + branch}, margin+below)
	}
}
