package catalogue

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/machine/definition"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/store"
)

// leftovers tells of the private folders in the store that belong to no open
// operation, and removes them if asked to, but for what may be a backup.
func (cat *Catalogue) leftovers(ctx context.Context, prune bool, runs Operator) ([]api.Finding, error) {
	list, err := cat.host.Store.Leftovers()
	if err != nil {
		return nil, err
	}
	var findings []api.Finding
	for _, l := range list {
		whose := "an operation that is not known"
		o, err := cat.store.Operation(ctx, l.Operation)
		switch {
		case errors.Is(err, persistence.ErrNotFound):
		case err != nil:
			return findings, err
		case runs.AtWork(o):
			continue
		default:
			whose = fmt.Sprintf("operation %s, which ended as %s", o.ID, o.State)
			// One that is understood no more cannot be retried either.
			if d, err := definition.Parse(o.Definition); err == nil && d.Resumes(o.State) {
				whose += fmt.Sprintf(" and goes on by dbcalm-db-cmd operations retry %s", o.ID)
			}
		}
		f := api.Finding{Name: strings.TrimPrefix(l.Path, cat.host.Store.BackupDir+"/"), Found: api.FoundLeftover, Advice: "work of " + whose}
		switch {
		case l.Backup != "":
			f.Advice += fmt.Sprintf("; %s may be a whole backup: to keep it, move that folder to %s, under the id in its %s, and run this again; "+
				"else remove it",
				l.Backup, cat.host.Store.BackupDir, store.ManifestName)
		case !prune:
			f.Advice += ": dbcalm-db-cmd backups rebuild --prune removes it"
		default:
			removed, err := cat.removeLeftover(ctx, l, runs)
			if err != nil {
				f.Advice += fmt.Sprintf("; %v: remove it by hand", err)
			} else if !removed {
				continue
			} else {
				f.Done = api.DoneRemoved
			}
		}
		findings = append(findings, f)
	}
	return findings, nil
}

// removeLeftover removes a private folder, unless its operation has been
// retried meanwhile.
func (cat *Catalogue) removeLeftover(ctx context.Context, l store.Leftover, runs Operator) (bool, error) {
	stray, err := cat.takeAway(ctx, l, runs)
	if stray == "" || err != nil {
		return false, err
	}
	if err := cat.host.Store.RemoveStray(stray); err != nil {
		return false, err
	}
	cat.log.Info().Str("operation", l.Operation).Str("path", l.Path).Msg("work of an ended operation removed")
	return true, nil
}

// takeAway renames the folder of an ended operation while nobody can retry it.
func (cat *Catalogue) takeAway(ctx context.Context, l store.Leftover, runs Operator) (stray string, err error) {
	err = runs.Quietly(func(atWork func(persistence.Operation) bool, _ bool) error {
		o, err := cat.store.Operation(ctx, l.Operation)
		if err != nil && !errors.Is(err, persistence.ErrNotFound) {
			return err
		}
		if atWork(persistence.Operation{ID: l.Operation, Status: o.Status}) {
			return nil
		}
		stray, err = cat.host.Store.TakeAway(l)
		return err
	})
	return stray, err
}
