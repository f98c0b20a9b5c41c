package steps

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"dbcalm-db-cmd/persistence"
)

// recordRestore returns the row that tells of the restore.
func (h *Host) recordRestore(ctx context.Context, t Task) (Outcome, error) {
	ids := t.Args.IDList
	last, err := h.catalog.Backup(ctx, ids[len(ids)-1])
	if errors.Is(err, persistence.ErrNotFound) {
		// Another program has deleted the row meanwhile; the restore stands.
		return ok(t, "restored; the backup's record is gone"), nil
	}
	if err != nil {
		return Outcome{}, err
	}
	outcome := ok(t, "restored into "+t.Data.Placement.Target)
	outcome.Restore = &persistence.Restore{BackupID: ids[0], BackupTimestamp: last.StartTime, Target: t.Args.Target,
		TargetPath: t.Data.Placement.Target, StartTime: t.CreatedAt, EndTime: time.Now().UTC()}
	return outcome, nil
}

// discardRestore puts everything back as it was found and removes the stage.
func (h *Host) discardRestore(ctx context.Context, t Task) (Outcome, error) {
	p := t.Data.Placement
	if p == nil {
		return discarded(t), nil
	}
	if p.begun() {
		// Somebody may have been too quick to start it; its files must not be
		// moved away under it.
		if err := h.checkServerDown(ctx); err != nil {
			return Outcome{}, fmt.Errorf("undo restore: %w", err)
		}
	}
	if err := p.undo(); err != nil {
		return Outcome{}, fmt.Errorf("undo restore: %w", err)
	}
	if err := os.RemoveAll(p.Stage); err != nil {
		return Outcome{}, fmt.Errorf("remove stage: %w", err)
	}
	if p.Mode == PlaceFolder {
		// The dated folder is removed only if nothing else has come to lie in it.
		for _, folder := range []string{t.Args.TmpDir, filepath.Dir(t.Args.TmpDir)} {
			_ = os.Remove(folder)
		}
	}
	if err := h.removeWork(t.Operation); err != nil {
		return Outcome{}, err
	}
	return discarded(t), nil
}

// begun tells whether anything has gone into the data directory.
func (p *Placement) begun() bool {
	return p.Mode == PlaceSwap && p.Folder != nil && p.Folder.is(p.Target) ||
		slices.ContainsFunc(p.Entries, func(e PlacedEntry) bool { return e.is(filepath.Join(p.Target, e.Name)) })
}

// undo moves what has gone into place back into the stage.
func (p *Placement) undo() error {
	switch {
	case p.Mode == PlaceSwap && p.Folder != nil && p.Folder.is(p.Target):
		if err := p.swapBack(); err != nil {
			return err
		}
		return syncDir(filepath.Dir(p.Target))
	case p.Mode == PlaceEntries && len(p.Entries) > 0:
		if err := os.MkdirAll(p.prepared(), 0o700); err != nil {
			return err
		}
		for i := len(p.Entries) - 1; i >= 0; i-- {
			e := p.Entries[i]
			placed := filepath.Join(p.Target, e.Name)
			if !e.is(placed) {
				continue
			}
			if err := renameNew(placed, filepath.Join(p.prepared(), e.Name)); err != nil {
				return err
			}
			if err := syncDir(p.Target); err != nil {
				return err
			}
		}
		return nil
	case p.Mode == PlaceFolder && p.Folder != nil && p.Folder.is(p.Target):
		if err := os.MkdirAll(p.Stage, 0o700); err != nil {
			return err
		}
		return renameNew(p.Target, p.prepared())
	}
	return nil
}

// swapBack restores the data directory that was; if it has been removed
// already, an empty one of the same owner and mode takes its place.
func (p *Placement) swapBack() error {
	old := p.prepared()
	if !p.Replaced.is(old) {
		if err := os.MkdirAll(old, 0o700); err != nil {
			return err
		}
		if err := adoptOwner(old, p.Target); err != nil {
			return err
		}
	}
	return exchange(old, p.Target)
}
