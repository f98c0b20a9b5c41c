package machine

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"dbcalm-db-cmd/machine/definition"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps"
)

// leftovers tells of the private folders in the store that belong to no open
// operation, and removes them if asked to, but for what may be a backup.
func (m *Manager) leftovers(ctx context.Context, prune bool) ([]Finding, error) {
	list, err := m.host.Leftovers()
	if err != nil {
		return nil, err
	}
	var findings []Finding
	for _, l := range list {
		whose := "an operation that is not known"
		o, err := m.store.Operation(ctx, l.Operation)
		switch {
		case errors.Is(err, persistence.ErrNotFound):
		case err != nil:
			return findings, err
		case m.atWork(o):
			continue
		default:
			whose = fmt.Sprintf("operation %s, which ended as %s", o.ID, o.State)
			// One that is understood no more cannot be retried either.
			if d, err := definition.Parse(o.Definition); err == nil && d.Resumes(o.State) {
				whose += fmt.Sprintf(" and goes on by dbcalm-db-cmd operations retry %s", o.ID)
			}
		}
		f := Finding{Name: strings.TrimPrefix(l.Path, m.host.BackupDir+"/"), Found: FoundLeftover, Advice: "work of " + whose}
		switch {
		case l.Backup != "":
			f.Advice += fmt.Sprintf("; %s may be a whole backup: to keep it, move that folder to %s, under the id in its %s, and run this again; else remove it",
				l.Backup, m.host.BackupDir, steps.ManifestName)
		case !prune:
			f.Advice += ": dbcalm-db-cmd backups rebuild --prune removes it"
		default:
			removed, err := m.removeLeftover(ctx, l)
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

// atWork reports whether an operation is open, or its end is just being recorded.
func (m *Manager) atWork(o persistence.Operation) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return o.Status.Open() || m.running[o.ID] != nil
}

// removeLeftover removes a private folder, unless its operation has been
// retried meanwhile.
func (m *Manager) removeLeftover(ctx context.Context, l steps.Leftover) (bool, error) {
	stray, err := m.takeAway(ctx, l)
	if stray == "" || err != nil {
		return false, err
	}
	if err := m.host.RemoveStray(stray); err != nil {
		return false, err
	}
	m.log.Info().Str(keyOperation, l.Operation).Str("path", l.Path).Msg("work of an ended operation removed")
	return true, nil
}

// takeAway renames the folder of an ended operation while nobody can retry it.
func (m *Manager) takeAway(ctx context.Context, l steps.Leftover) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	o, err := m.store.Operation(ctx, l.Operation)
	if err != nil && !errors.Is(err, persistence.ErrNotFound) {
		return "", err
	}
	if o.Status.Open() || m.running[l.Operation] != nil {
		return "", nil
	}
	return m.host.TakeAway(l)
}
