package steps

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/store"
)

// ErrNeeded: other backups stand on the one to be deleted.
var ErrNeeded = errors.New("other backups stand on it")

// CheckDeletable refuses to delete a backup that others stand on, and says
// which.
func (h *Host) CheckDeletable(ctx context.Context, id string) error {
	children, err := h.Store.Catalog.Children(ctx, id)
	if err != nil {
		return err
	}
	if len(children) == 0 {
		return nil
	}
	var names []string
	for _, child := range children {
		names = append(names, "'"+child.ID+"'")
	}
	return fmt.Errorf("%w: %s; delete them first", ErrNeeded, strings.Join(names, ", "))
}

// Deletable reports whether there is anything of a backup: its row, or a folder
// with a manifest. A folder without either is not ours to remove.
func (h *Host) Deletable(ctx context.Context, id string) (bool, error) {
	_, err := h.Store.Catalog.Backup(ctx, id)
	if err == nil {
		return true, nil
	}
	if !errors.Is(err, persistence.ErrNotFound) {
		return false, err
	}
	m, err := store.ReadManifest(h.Store.Folder(id))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return false, nil
	}
	return err == nil && m.ID == id, err
}

func (s deleteSteps) validateDelete(ctx context.Context, t Task) (Outcome, error) {
	if err := s.CheckDeletable(ctx, t.Args.ID); err != nil {
		return Outcome{}, fmt.Errorf("backup '%s' cannot be deleted: %w", t.Args.ID, err)
	}
	reason := "nothing stands on it"
	_, err := s.Store.RecordedManifest(ctx, t.Args.ID)
	if damage, found := errors.AsType[*store.Damage](err); found {
		reason += "; " + damage.Error()
	}
	return ok(t, reason), nil
}

// retireDeleted takes the folder out of the store; done again, it finds
// nothing left to do.
func (s deleteSteps) retireDeleted(_ context.Context, t Task) (Outcome, error) {
	there, err := disk.Exists(s.Store.Folder(t.Args.ID))
	if err != nil {
		return Outcome{}, err
	}
	if !there {
		return ok(t, "the folder is out of the store"), nil
	}
	if err := s.Store.Retire(t.Operation, t.Attempt, t.Args.ID); err != nil {
		return Outcome{}, err
	}
	return ok(t, "moved out of the store"), nil
}

// erase frees the space.
func (s deleteSteps) erase(_ context.Context, t Task) (Outcome, error) {
	if err := s.Store.RemoveWork(t.Operation); err != nil {
		return Outcome{}, err
	}
	return ok(t, "files removed"), nil
}

// unrecord removes the row, unless the folder is there: the operation has
// taken away the one it was for, and a backup of the same id that was made
// while it lay halted keeps its record.
func (s deleteSteps) unrecord(_ context.Context, t Task) (Outcome, error) {
	there, err := disk.Exists(s.Store.Folder(t.Args.ID))
	if err != nil {
		return Outcome{}, err
	}
	if there {
		return ok(t, "the record is of a newer backup and stays"), nil
	}
	outcome := ok(t, "record removed")
	outcome.DeleteBackup = t.Args.ID
	return outcome, nil
}
