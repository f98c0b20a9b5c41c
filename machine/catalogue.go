package machine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/store"
)

// catalogue knows the backups there are: those that are recorded, those that are
// in the store only, and what is known against them.
type catalogue struct {
	common
	sound soundness
}

// Backups lists the recorded backups, oldest first.
func (cat *catalogue) Backups(ctx context.Context) ([]BackupView, error) {
	list, err := cat.store.Backups(ctx)
	if err != nil {
		return nil, internal(err)
	}
	views := make([]BackupView, 0, len(list))
	for _, b := range list {
		v := BackupView{ID: b.ID, FromBackupID: b.FromBackupID, ScheduleID: b.ScheduleID,
			StartTime: b.StartTime, EndTime: b.EndTime, Size: b.Size,
			Form: cat.host.Store.StoredAs(b.ID)}
		if v.FromLSN, v.ToLSN, err = cat.host.Store.Span(b.ID); err != nil {
			v.Problem = err.Error()
		}
		views = append(views, v)
	}
	if err := cat.addVerifications(ctx, views); err != nil {
		return nil, internal(err)
	}
	unrecorded, err := cat.unrecorded(ctx, list)
	if err != nil {
		return nil, internal(err)
	}
	return append(views, unrecorded...), nil
}

// unrecorded lists the backups in the store that have no record, as after the
// loss of the database: they are there, and nobody must think them gone.
func (cat *catalogue) unrecorded(ctx context.Context, recorded []persistence.Backup) ([]BackupView, error) {
	manifests, err := cat.host.Store.Unrecorded(recorded)
	if err != nil || len(manifests) == 0 {
		return nil, err
	}
	open, err := cat.store.OpenOperations(ctx)
	if err != nil {
		return nil, err
	}
	var views []BackupView
	for _, f := range manifests {
		// Between its publication and its record, a backup is not lost.
		if slices.ContainsFunc(open, func(o persistence.Operation) bool { return o.ID == f.Operation }) {
			continue
		}
		views = append(views, BackupView{ID: f.ID, FromBackupID: f.ParentID, ScheduleID: f.ScheduleID,
			StartTime: f.StartTime, EndTime: &f.EndTime, Size: &f.Size, FromLSN: f.FromLSN, ToLSN: f.ToLSN, Form: f.StoredAs(),
			Unrecorded: true, Problem: "its folder is there, its record is lost: dbcalm-db-cmd backups rebuild"})
	}
	return views, nil
}

// warnUnrecorded says at once if the database does not know backups that are
// in the store.
func (cat *catalogue) warnUnrecorded(ctx context.Context) error {
	recorded, err := cat.store.Backups(ctx)
	if err != nil {
		return err
	}
	lost, err := cat.unrecorded(ctx, recorded)
	if err != nil {
		cat.log.Warn().Err(err).Msg("the backup store cannot be read")
		return nil
	}
	for _, f := range lost {
		cat.log.Warn().Str(keyBackup, f.ID).
			Msg("a backup is in the store and not recorded: was the database lost or put back? dbcalm-db-cmd backups rebuild records it again")
	}
	return nil
}

// addVerifications adds to backups what verifications have found out. What is
// known of another backup that had the same id is left out.
func (cat *catalogue) addVerifications(ctx context.Context, views []BackupView) error {
	known, err := cat.store.Verifications(ctx)
	if err != nil || len(known) == 0 {
		return err
	}
	damaged := map[string]bool{}
	for i := range views {
		v := &views[i]
		found, verified := known[v.ID]
		if !verified || found.MadeBy != cat.host.Store.MadeBy(v.ID) {
			continue
		}
		if found.Level != "" {
			v.Verified = &VerifiedView{Level: found.Level, At: found.PassedAt}
		}
		if found.Damage == "" {
			continue
		}
		damaged[v.ID] = true
		if v.Problem == "" {
			v.Problem = fmt.Sprintf("failed %s on %s: %s", found.FailedLevel, found.FailedAt.UTC().Format(time.DateTime), found.Damage)
		}
	}
	from := map[string]string{}
	for _, v := range views {
		from[v.ID] = v.FromBackupID
	}
	for i := range views {
		if v := &views[i]; v.Problem == "" {
			v.Problem = standsOnDamage(from, v.ID, damaged)
		}
	}
	return nil
}

// standsOnDamage says so of a backup that cannot be restored because one below
// it cannot.
func standsOnDamage(from map[string]string, id string, damaged map[string]bool) string {
	// Where the chain is broken, the links above that are known all the same.
	ids, _ := store.WalkChain(id, parentOf(from))
	for _, below := range slices.Backward(ids) {
		if damaged[below] {
			return fmt.Sprintf("stands on '%s', which is damaged", below)
		}
	}
	return ""
}

// notFound refuses an id that is not recorded, and says whether only its
// record is missing.
func (cat *catalogue) notFound(what, id string) *Error {
	refusal := refuse(NotFound, "%s with id '%s' not found", what, id)
	if advice := cat.lostAdvice(id, ""); advice != "" {
		refusal.Message += ": " + advice
	}
	return refusal
}

// lostAdvice says how a backup gets back its record, or otherwise where there
// is no backup.
func (cat *catalogue) lostAdvice(id, otherwise string) string {
	if cat.host.Store.RecordLost(id) {
		return "its folder is there, its record is lost: dbcalm-db-cmd backups rebuild records it again"
	}
	return otherwise
}

// checkDeletable refuses the deletion of what is not there or still needed.
func (cat *catalogue) checkDeletable(ctx context.Context, id string) error {
	there, err := cat.host.Deletable(ctx, id)
	if err != nil {
		return internal(err)
	}
	if !there {
		return refuse(NotFound, "Backup with id '%s' not found", id)
	}
	if err := cat.host.CheckDeletable(ctx, id); err != nil {
		if errors.Is(err, steps.ErrNeeded) {
			return refuse(Conflict, "backup '%s' cannot be deleted: %v", id, err)
		}
		return internal(err)
	}
	return nil
}
