package main

import (
	"cmp"
	"slices"

	"dbcalm-db-cmd/machine"
)

// treeRow is a backup at its place in the drawing of the chains.
type treeRow struct {
	backup machine.BackupView
	// branch is drawn before the id.
	branch string
	// root begins a chain; orphan is one whose base is not recorded.
	root, orphan bool
}

func (r treeRow) problem() string {
	if r.backup.Problem == "" && r.orphan {
		return "stands on " + r.backup.FromBackupID + ", which is not recorded"
	}
	return r.backup.Problem
}

// forest orders backups for drawing: chains oldest first, below each backup
// those that stand on it, oldest first. Every backup comes exactly once,
// whatever the records say.
func forest(backups []machine.BackupView) []treeRow {
	sorted := slices.Clone(backups)
	slices.SortStableFunc(sorted, func(x, y machine.BackupView) int {
		return cmp.Or(x.StartTime.Compare(y.StartTime), cmp.Compare(x.ID, y.ID))
	})
	f := planting{children: map[string][]machine.BackupView{}, planted: map[string]bool{}}
	recorded := map[string]bool{}
	for _, b := range sorted {
		recorded[b.ID] = true
		f.children[b.FromBackupID] = append(f.children[b.FromBackupID], b)
	}
	for _, b := range sorted {
		if !recorded[b.FromBackupID] {
			f.plant(treeRow{backup: b, root: true, orphan: b.FromBackupID != ""}, "")
		}
	}
	// What is left stands on itself, round some corner.
	for _, b := range sorted {
		if !f.planted[b.ID] {
			f.plant(treeRow{backup: b, root: true}, "")
		}
	}
	return f.rows
}

type planting struct {
	children map[string][]machine.BackupView
	planted  map[string]bool
	rows     []treeRow
}

// plant adds a row and all below it; margin is what stands left of their
// branches.
func (f *planting) plant(row treeRow, margin string) {
	f.planted[row.backup.ID] = true
	f.rows = append(f.rows, row)
	children := slices.DeleteFunc(slices.Clone(f.children[row.backup.ID]), func(b machine.BackupView) bool {
		return f.planted[b.ID]
	})
	for i, child := range children {
		branch, below := "├─ ", "│  "
		if i == len(children)-1 {
			branch, below = "└─ ", "   "
		}
		f.plant(treeRow{backup: child, branch: margin + branch}, margin+below)
	}
}
