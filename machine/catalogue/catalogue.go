package catalogue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps"
	"dbcalm-db-cmd/steps/store"
)

// Catalogue knows the backups there are: those that are recorded, those that are
// in the store only, and what is known against them. Its methods may be called
// from any goroutine.
type Catalogue struct {
	store *persistence.Store
	host  *steps.Host
	log   zerolog.Logger
	sound soundness
}

// New returns the catalogue of a host's backups.
func New(store *persistence.Store, host *steps.Host, log zerolog.Logger) *Catalogue {
	return &Catalogue{store: store, host: host, log: log}
}

// keyOfBackup is the key of a backup's id in log lines.
const keyOfBackup = "backup"

// Backups lists the recorded backups, the one made first first.
func (cat *Catalogue) Backups(ctx context.Context) ([]api.BackupView, error) {
	list, err := cat.store.Backups(ctx)
	if err != nil {
		return nil, api.Failure(err)
	}
	views := make([]api.BackupView, 0, len(list))
	for _, b := range list {
		v := api.BackupView{ID: b.ID, FromBackupID: b.FromBackupID, Number: b.Number, ScheduleID: b.ScheduleID,
			StartTime: b.StartTime, EndTime: b.EndTime, Size: b.Size}
		tell(&v, cat.host.Store.About(b.ID))
		if v.FromLSN, v.ToLSN, err = cat.host.Store.Span(b.ID); err != nil {
			v.Problem = err.Error()
		}
		views = append(views, v)
	}
	if err := cat.addVerifications(ctx, views); err != nil {
		return nil, api.Failure(err)
	}
	unrecorded, err := cat.unrecorded(ctx, list)
	if err != nil {
		return nil, api.Failure(err)
	}
	return append(views, unrecorded...), nil
}

// tell adds to a backup what its files tell.
func tell(v *api.BackupView, about store.About) {
	v.Form, v.ServerVersion, v.DataSize, v.Tool, v.Operation = about.Form, about.Server, about.DataSize, about.Tool, about.Operation
	if p := about.Binlog; p != nil {
		v.Binlog = &api.BinlogView{File: p.File, Position: p.Offset, GTID: p.GTID, Replica: p.Replicate(about.Flavour, about.Server)}
	}
}

// unrecorded lists the backups in the store that have no record, as after the
// loss of the database: they are there, and nobody must think them gone.
func (cat *Catalogue) unrecorded(ctx context.Context, recorded []persistence.Backup) ([]api.BackupView, error) {
	manifests, err := cat.host.Store.Unrecorded(recorded)
	if err != nil || len(manifests) == 0 {
		return nil, err
	}
	open, err := cat.store.OpenOperations(ctx)
	if err != nil {
		return nil, err
	}
	var views []api.BackupView
	for _, f := range manifests {
		// Between its publication and its record, a backup is not lost.
		if slices.ContainsFunc(open, func(o persistence.Operation) bool { return o.ID == f.Operation }) {
			continue
		}
		v := api.BackupView{ID: f.ID, FromBackupID: f.ParentID, ScheduleID: f.ScheduleID,
			StartTime: f.StartTime, EndTime: &f.EndTime, Size: &f.Size, FromLSN: f.FromLSN, ToLSN: f.ToLSN,
			Unrecorded: true, Problem: "its folder is there, its record is lost: dbcalm-db-cmd backups rebuild"}
		tell(&v, f.About())
		views = append(views, v)
	}
	return views, nil
}

// WarnUnrecorded says at once if the database does not know backups that are
// in the store.
func (cat *Catalogue) WarnUnrecorded(ctx context.Context) error {
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
		cat.log.Warn().Str(keyOfBackup, f.ID).
			Msg("a backup is in the store and not recorded: was the database lost or put back? dbcalm-db-cmd backups rebuild records it again")
	}
	return nil
}

// addVerifications adds to backups what verifications have found out. What is
// known of another backup that had the same id is left out.
func (cat *Catalogue) addVerifications(ctx context.Context, views []api.BackupView) error {
	known, err := cat.store.Verifications(ctx)
	if err != nil || len(known) == 0 {
		return err
	}
	damaged := map[string]bool{}
	for i := range views {
		v := &views[i]
		found, verified := known[v.ID]
		if !verified {
			continue
		}
		// A manifest that cannot be read as a whole may still say who made it.
		maker := v.Operation
		if maker == "" {
			maker = cat.host.Store.MadeBy(v.ID)
		}
		if found.MadeBy != maker {
			continue
		}
		if found.Level != "" {
			v.Verified = &api.VerifiedView{Level: found.Level, At: found.PassedAt}
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

// NotFound refuses an id that is not recorded, and says whether only its
// record is missing.
func (cat *Catalogue) NotFound(what, id string) *api.Error {
	refusal := api.Refuse(api.NotFound, "%s with id '%s' not found", what, id)
	if advice := cat.LostAdvice(id, ""); advice != "" {
		refusal.Message += ": " + advice
	}
	return refusal
}

// LostAdvice says how a backup gets back its record, or otherwise where there
// is no backup.
func (cat *Catalogue) LostAdvice(id, otherwise string) string {
	if cat.host.Store.RecordLost(id) {
		return "its folder is there, its record is lost: dbcalm-db-cmd backups rebuild records it again"
	}
	return otherwise
}

// CheckDeletable refuses the deletion of what is not there or still needed.
func (cat *Catalogue) CheckDeletable(ctx context.Context, id string) error {
	there, err := cat.host.Deletable(ctx, id)
	if err != nil {
		return api.Failure(err)
	}
	if !there {
		return api.Refuse(api.NotFound, "Backup with id '%s' not found", id)
	}
	if err := cat.host.CheckDeletable(ctx, id); err != nil {
		if errors.Is(err, steps.ErrNeeded) {
			return api.Refuse(api.Conflict, "backup '%s' cannot be deleted: %v", id, err)
		}
		return api.Failure(err)
	}
	return nil
}
