package machine

import (
	"context"
	"errors"
	"slices"

	"dbcalm-db-cmd/persistence"
)

// checkThere refuses what builds on a backup that is not recorded, or whose folder
// is gone: others delete a backup by removing its folder, and its record may stay.
func (cat *catalogue) checkThere(ctx context.Context, what, id string) error {
	b, err := cat.store.Backup(ctx, id)
	if errors.Is(err, persistence.ErrNotFound) {
		return cat.notFound(what, id)
	}
	if err != nil {
		return internal(err)
	}
	gone, err := cat.isGone(ctx, b)
	if gone {
		return refuse(NotFound, "%s with id '%s' not found: its record is there, its folder %s is gone: bring it back, "+
			"or dbcalm-db-cmd backups rebuild --prune removes the record", what, id, cat.host.Store.Folder(id))
	}
	return err
}

// isGone reports whether the folder of a recorded backup is gone. A store that is
// not the one it was recorded in, and holds no other recorded backup either, is
// taken for an empty mount point: of what should be there, nothing is known.
func (cat *catalogue) isGone(ctx context.Context, b persistence.Backup) (bool, error) {
	s := cat.host.Store
	if !s.Gone(b.ID) {
		return false, nil
	}
	if b.Store != "" && b.Store == s.Identity() {
		return true, nil
	}
	rows, err := cat.store.Backups(ctx)
	if err != nil {
		return false, internal(err)
	}
	if slices.ContainsFunc(rows, func(other persistence.Backup) bool { return !s.Gone(other.ID) }) {
		return true, nil
	}
	return false, refuse(Unavailable, "the folder of backup '%s' is not in backup_dir %s, nor is that of any other recorded backup: mount its disk. "+
		"If they are gone for good, remove each record with dbcalm-db-cmd backups delete ID", b.ID, s.BackupDir)
}

// forgetGone removes the record of a backup whose folder is gone, and those of
// all that stood on it if they are gone too, so that its id can be used again.
// It does nothing where there is no record.
func (cat *catalogue) forgetGone(ctx context.Context, id string) error {
	first, err := cat.store.Backup(ctx, id)
	if errors.Is(err, persistence.ErrNotFound) {
		return nil
	}
	if err != nil {
		return internal(err)
	}
	gone := []persistence.Backup{first}
	for i := 0; i < len(gone); i++ {
		children, err := cat.store.Children(ctx, gone[i].ID)
		if err != nil {
			return internal(err)
		}
		for _, child := range children {
			switch {
			case !cat.host.Store.Gone(child.ID):
				return refuse(Conflict, "Backup with id '%s' already exists: its folder is gone, but backup '%s' stands on it: "+
					"bring the folder back, delete what stands on it, or choose another id", id, child.ID)
			case slices.ContainsFunc(gone, func(b persistence.Backup) bool { return b.ID == child.ID }):
			default:
				gone = append(gone, child)
			}
		}
	}
	slices.Reverse(gone)
	_, removed, err := cat.store.Rebuild(ctx, persistence.Rebuild{Gone: gone})
	if err != nil {
		return internal(err)
	}
	for _, id := range removed {
		cat.log.Info().Str(keyBackup, id).Msg("record of a backup without a folder removed: its id is used again")
	}
	if !slices.Contains(removed, id) {
		return refuse(Conflict, "Backup with id '%s' already exists: its folder is gone, and an operation still uses its record: wait for its end", id)
	}
	return nil
}
