package machine

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"dbcalm-db-cmd/machine/definition"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/store"
)

// leftovers tells of the private folders in the store that belong to no open
// operation, and removes them if asked to, but for what may be a backup.
func (k *caretaker) leftovers(ctx context.Context, prune bool) ([]Finding, error) {
	list, err := k.host.Store.Leftovers()
	if err != nil {
		return nil, err
	}
	var findings []Finding
	for _, l := range list {
		whose := "an operation that is not known"
		o, err := k.store.Operation(ctx, l.Operation)
		switch {
		case errors.Is(err, persistence.ErrNotFound):
		case err != nil:
			return findings, err
		case k.engine.atWork(o):
			continue
		default:
			whose = fmt.Sprintf("operation %s, which ended as %s", o.ID, o.State)
			// One that is understood no more cannot be retried either.
			if d, err := definition.Parse(o.Definition); err == nil && d.Resumes(o.State) {
				whose += fmt.Sprintf(" and goes on by dbcalm-db-cmd operations retry %s", o.ID)
			}
		}
		f := Finding{Name: strings.TrimPrefix(l.Path, k.host.Store.BackupDir+"/"), Found: FoundLeftover, Advice: "work of " + whose}
		switch {
		case l.Backup != "":
			f.Advice += fmt.Sprintf("; %s may be a whole backup: to keep it, move that folder to %s, under the id in its %s, and run this again; "+
				"else remove it",
				l.Backup, k.host.Store.BackupDir, store.ManifestName)
		case !prune:
			f.Advice += ": dbcalm-db-cmd backups rebuild --prune removes it"
		default:
			removed, err := k.removeLeftover(ctx, l)
			if err != nil {
				f.Advice += fmt.Sprintf("; %v: remove it by hand", err)
			} else if !removed {
				continue
			} else {
				f.Done = DoneRemoved
			}
		}
		findings = append(findings, f)
	}
	return findings, nil
}

// removeLeftover removes a private folder, unless its operation has been
// retried meanwhile.
func (k *caretaker) removeLeftover(ctx context.Context, l store.Leftover) (bool, error) {
	stray, err := k.takeAway(ctx, l)
	if stray == "" || err != nil {
		return false, err
	}
	if err := k.host.Store.RemoveStray(stray); err != nil {
		return false, err
	}
	k.log.Info().Str(keyOperation, l.Operation).Str("path", l.Path).Msg("work of an ended operation removed")
	return true, nil
}

// takeAway renames the folder of an ended operation while nobody can retry it.
func (k *caretaker) takeAway(ctx context.Context, l store.Leftover) (string, error) {
	k.engine.mu.Lock()
	defer k.engine.mu.Unlock()
	o, err := k.store.Operation(ctx, l.Operation)
	if err != nil && !errors.Is(err, persistence.ErrNotFound) {
		return "", err
	}
	if o.Status.Open() || k.engine.running[l.Operation] != nil {
		return "", nil
	}
	return k.host.Store.TakeAway(l)
}
