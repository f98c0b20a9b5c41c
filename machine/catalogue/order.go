package catalogue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/store"
)

// CheckOrder checks, by the records alone, that the ids are a chain in order.
// Whether their files are whole is the operation's first question.
func (cat *Catalogue) CheckOrder(ctx context.Context, r api.RestoreRequest) error {
	parent := ""
	for _, id := range r.IDList {
		b, err := cat.store.Backup(ctx, id)
		if errors.Is(err, persistence.ErrNotFound) {
			return cat.missingLink(ctx, r, id)
		}
		if err != nil {
			return api.Failure(err)
		}
		if b.FromBackupID != parent {
			return cat.wrongOrder(ctx, r)
		}
		parent = id
	}
	for _, id := range r.IDList {
		if err := cat.CheckThere(ctx, "Backup", id); err != nil {
			return err
		}
	}
	return nil
}

// wrongOrder refuses a list that is no chain and names the chain of its last
// link, on the wire and as a person types it.
func (cat *Catalogue) wrongOrder(ctx context.Context, r api.RestoreRequest) error {
	last := r.IDList[len(r.IDList)-1]
	right, err := store.Lineage(ctx, cat.store, last)
	var missing *store.MissingLinkError
	if errors.As(err, &missing) {
		return &api.Error{Kind: api.Invalid, Err: err, Message: fmt.Sprintf(
			"backup '%s' cannot be restored: it stands on '%s', which is not recorded; %s",
			last, missing.ID, cat.LostAdvice(missing.ID, "the chains that are whole: dbcalm-db-cmd backups list"))}
	}
	if err != nil {
		return &api.Error{Kind: api.Invalid, Message: err.Error(), Err: err}
	}
	return api.Refuse(api.Invalid, "id_list is no chain in order: %s", rightChain(right, r.Target))
}

// missingLink refuses a list of which one id is not recorded. If its last link
// is, that one's chain is what was meant.
func (cat *Catalogue) missingLink(ctx context.Context, r api.RestoreRequest, id string) error {
	refusal := cat.NotFound("Backup", id)
	last := r.IDList[len(r.IDList)-1]
	if right, err := store.Lineage(ctx, cat.store, last); err == nil {
		refusal.Message += "; " + rightChain(right, r.Target)
	}
	return refusal
}

// rightChain names a chain on the wire and as a person types it.
func rightChain(ids []string, target api.Target) string {
	last := ids[len(ids)-1]
	// Texts always encode.
	list, _ := json.Marshal(ids)
	return fmt.Sprintf("backup '%s' is restored by dbcalm-db-cmd restore %s --target %s, on the socket by the id_list %s",
		last, last, target, list)
}

// CheckThere refuses what builds on a backup that is not recorded, or whose folder
// is gone: others delete a backup by removing its folder, and its record may stay.
func (cat *Catalogue) CheckThere(ctx context.Context, what, id string) error {
	b, err := cat.store.Backup(ctx, id)
	if errors.Is(err, persistence.ErrNotFound) {
		return cat.NotFound(what, id)
	}
	if err != nil {
		return api.Failure(err)
	}
	gone, err := cat.IsGone(ctx, b)
	if gone {
		return api.Refuse(api.NotFound, "%s with id '%s' not found: its record is there, its folder %s is gone: bring it back, "+
			"or dbcalm-db-cmd backups rebuild --prune removes the record", what, id, cat.host.Store.Folder(id))
	}
	return err
}

// IsGone reports whether the folder of a recorded backup is gone. A store that is
// not the one it was recorded in, and holds no other recorded backup either, is
// taken for an empty mount point: of what should be there, nothing is known.
func (cat *Catalogue) IsGone(ctx context.Context, b persistence.Backup) (bool, error) {
	s := cat.host.Store
	if !s.Gone(b.ID) {
		return false, nil
	}
	if b.Store != "" && b.Store == s.Identity() {
		return true, nil
	}
	rows, err := cat.store.Backups(ctx)
	if err != nil {
		return false, api.Failure(err)
	}
	if slices.ContainsFunc(rows, func(other persistence.Backup) bool { return !s.Gone(other.ID) }) {
		return true, nil
	}
	return false, api.Refuse(api.Unavailable,
		"the folder of backup '%s' is not in backup_dir %s, nor is that of any other recorded backup: mount its disk. "+
			"If they are gone for good, remove each record with dbcalm-db-cmd backups delete ID", b.ID, s.BackupDir)
}

// ForgetGone removes the record of a backup whose folder is gone, and those of
// all that stood on it if they are gone too, so that its id can be used again.
// It does nothing where there is no record.
func (cat *Catalogue) ForgetGone(ctx context.Context, id string) error {
	first, err := cat.store.Backup(ctx, id)
	if errors.Is(err, persistence.ErrNotFound) {
		return nil
	}
	if err != nil {
		return api.Failure(err)
	}
	gone := []persistence.Backup{first}
	for i := 0; i < len(gone); i++ {
		children, err := cat.store.Children(ctx, gone[i].ID)
		if err != nil {
			return api.Failure(err)
		}
		for _, child := range children {
			switch {
			case !cat.host.Store.Gone(child.ID):
				return api.Refuse(api.Conflict, "Backup with id '%s' already exists: its folder is gone, but backup '%s' stands on it: "+
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
		return api.Failure(err)
	}
	for _, id := range removed {
		cat.log.Info().Str(keyOfBackup, id).Msg("record of a backup without a folder removed: its id is used again")
	}
	if !slices.Contains(removed, id) {
		return api.Refuse(api.Conflict,
			"Backup with id '%s' already exists: its folder is gone, and an operation still uses its record: wait for its end", id)
	}
	return nil
}
