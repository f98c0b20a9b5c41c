package place

import (
	"path/filepath"
	"slices"

	"dbcalm-db-cmd/steps/disk"
)

// Begun reports whether anything has gone into the data directory.
func (p *Placement) Begun() bool {
	return p.Mode == Swap && p.Folder != nil && p.Folder.Is(p.Target) ||
		slices.ContainsFunc(p.Entries, func(e Entry) bool { return e.Is(filepath.Join(p.Target, e.Name)) })
}

// Undo moves what has gone into place back into the stage, and what was moved
// aside for it back into the data directory.
func (p *Placement) Undo() error {
	if err := p.undo(); err != nil || p.Mode == Folder {
		return err
	}
	return p.putBack()
}

func (p *Placement) undo() error {
	switch {
	case p.Mode == Swap && p.Folder != nil && p.Folder.Is(p.Target):
		if err := p.swapBack(); err != nil {
			return err
		}
		return disk.SyncDir(filepath.Dir(p.Target))
	case p.Mode == Entries && len(p.Entries) > 0:
		if err := disk.MakeFolder(p.Prepared(), 0o700); err != nil {
			return err
		}
		for i := len(p.Entries) - 1; i >= 0; i-- {
			e := p.Entries[i]
			placed := filepath.Join(p.Target, e.Name)
			if !e.Is(placed) {
				continue
			}
			if err := disk.RenameNew(placed, filepath.Join(p.Prepared(), e.Name)); err != nil {
				return err
			}
			if err := disk.SyncDir(p.Target); err != nil {
				return err
			}
		}
		return nil
	case p.Mode == Folder && p.Folder != nil && p.Folder.Is(p.Target):
		if err := disk.MakeFolder(p.Stage, 0o700); err != nil {
			return err
		}
		return disk.RenameNew(p.Target, p.Prepared())
	}
	return nil
}

// swapBack restores the data directory that was; if it has been removed
// already, an empty one of the same owner and mode takes its place.
func (p *Placement) swapBack() error {
	old := p.Prepared()
	if !p.Replaced.Is(old) {
		if err := disk.MakeFolder(old, 0o700); err != nil {
			return err
		}
		if err := disk.AdoptOwner(old, p.Target); err != nil {
			return err
		}
	}
	return disk.Exchange(old, p.Target)
}
