package catalogue

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/store"
)

// rebuildPlan decides what becomes of each difference between the table of
// backups and the store.
type rebuildPlan struct {
	// dir is backup_dir.
	dir  string
	rows map[string]persistence.Backup
	// used are backups that operations work on, and what changed while the
	// store was looked at: they are left alone.
	used map[string]bool
	// store is the identity of the store that was looked at.
	store string
	// made is as in snapshot.
	made    map[string]bool
	folders []store.Stored
	byName  map[string]store.Stored
	// gone are the rows without a folder.
	gone map[string]bool

	verdicts map[string]verdict
	changes  persistence.Rebuild
	findings []api.Finding
}

// newPlan takes what the database said before and after the store was looked
// at.
func newPlan(dir string, before, after snapshot, folders []store.Stored, gone func(id string) bool) *rebuildPlan {
	p := &rebuildPlan{dir: dir, rows: after.rows, used: before.used, made: after.made, folders: folders,
		byName: map[string]store.Stored{}, gone: map[string]bool{}, verdicts: map[string]verdict{}}
	for id := range after.used {
		p.used[id] = true
	}
	for _, f := range folders {
		p.byName[f.Name] = f
		if before.recorded(f.Name) != after.recorded(f.Name) {
			p.used[f.Name] = true
		}
	}
	for id := range after.rows {
		if before.recorded(id) && gone(id) {
			p.gone[id] = true
		}
	}
	return p
}

// storeIsAway reports whether the store looks like an empty mount point, or
// another's: backups are recorded, and not one is there.
func (p *rebuildPlan) storeIsAway() bool {
	return len(p.rows) > 0 && !p.holdsAny(func(id string) bool { return p.gone[id] })
}

// holdsAny reports whether any backup is in the store.
func (p *rebuildPlan) holdsAny(gone func(id string) bool) bool {
	return slices.ContainsFunc(p.folders, func(f store.Stored) bool {
		return (f.Manifest != nil && f.Problem == nil || p.recorded(f.Name)) && !gone(f.Name)
	})
}

// decide fills in the changes and the findings.
func (p *rebuildPlan) decide(prune bool) {
	for _, f := range p.folders {
		switch {
		case p.used[f.Name]:
		case p.recorded(f.Name):
			p.checkRecorded(f)
		default:
			p.bringBack(f)
		}
	}
	p.removeRows(prune)
}

func (p *rebuildPlan) recorded(id string) bool { _, found := p.rows[id]; return found }

func (p *rebuildPlan) tell(name, found, done, format string, args ...any) {
	p.findings = append(p.findings, api.Finding{Name: name, Found: found, Done: done, Advice: fmt.Sprintf(format, args...)})
}

// checkRecorded tells what is wrong with a backup that has both a record and a
// folder.
func (p *rebuildPlan) checkRecorded(f store.Stored) {
	row := p.rows[f.Name]
	const anew = "bring the right folder back; or move this one out of backup_dir, run dbcalm-db-cmd backups rebuild --prune, " +
		"move it in again and run backups rebuild"
	switch {
	case errors.Is(f.Problem, fs.ErrNotExist) && row.ManifestSHA256 == "":
		// An older program made it.
	case errors.Is(f.Problem, fs.ErrNotExist):
		p.tell(f.Name, api.FoundDamaged, "", "its %s is missing: bring it back, or use another chain", store.ManifestName)
	case errors.Is(f.Problem, store.ErrOtherBackup):
		p.tell(f.Name, api.FoundMismatch, "", "its folder holds backup '%s': %s", f.Manifest.ID, anew)
	case f.Problem != nil:
		p.tell(f.Name, api.FoundDamaged, "", "%v: bring its %s back, or use another chain", f.Problem, store.ManifestName)
	case row.ManifestSHA256 != "" && f.Manifest.SHA256 != row.ManifestSHA256:
		p.tell(f.Name, api.FoundDamaged, "", "its %s is not the one that was recorded, and says what others have written: "+
			"bring the right one back, or use another chain", store.ManifestName)
	case f.Manifest.ParentID != row.FromBackupID:
		p.tell(f.Name, api.FoundMismatch, "", "its record says that it stands on '%s', its %s on '%s': %s",
			row.FromBackupID, store.ManifestName, f.Manifest.ParentID, anew)
	case row.FromBackupID != "" && !p.recorded(row.FromBackupID) && p.judge(row.FromBackupID).found != "":
		p.tell(f.Name, api.FoundNoBase, "", "it stands on '%s', which has no record, and cannot be restored without it: "+
			"bring that folder back and run this again, or dbcalm-db-cmd backups delete %s", row.FromBackupID, f.Name)
	}
}

// bringBack plans to record a backup without a record, after the one it stands
// on, or tells why not.
func (p *rebuildPlan) bringBack(f store.Stored) {
	planned := func(b persistence.FoundBackup) bool { return b.Backup.ID == f.Name }
	v := p.judge(f.Name)
	if v.found != "" {
		p.tell(f.Name, v.found, "", "%s", v.advice)
	}
	if v != (verdict{}) || slices.ContainsFunc(p.changes.Found, planned) {
		return
	}
	kind := "full backup"
	if parent := f.Manifest.ParentID; parent != "" {
		kind = fmt.Sprintf("incremental on '%s'", parent)
		if !p.recorded(parent) {
			p.bringBack(p.byName[parent])
		}
	}
	p.changes.Found = append(p.changes.Found, p.foundBackup(f.Manifest))
	found := api.Finding{Name: f.Name, Found: api.FoundNoRecord, Done: api.DoneRecorded, NotMadeHere: !p.madeHere(f.Name),
		Advice: fmt.Sprintf("%s of %s", kind, f.Manifest.StartTime.UTC().Format("2006-01-02 15:04:05Z"))}
	if found.NotMadeHere {
		found.Advice += "; it was not made here, as far as the ledger knows: verify it before you rely on it"
	}
	p.findings = append(p.findings, found)
}

// foundBackup makes the rows of a backup from its manifest.
func (p *rebuildPlan) foundBackup(m *store.Manifest) persistence.FoundBackup {
	// Arguments always encode.
	args, _ := json.Marshal(api.Args{ID: m.ID, FromBackupID: m.ParentID, ScheduleID: m.ScheduleID})
	return persistence.FoundBackup{
		Backup: persistence.Backup{ID: m.ID, FromBackupID: m.ParentID, ScheduleID: m.ScheduleID,
			StartTime: m.StartTime, EndTime: &m.EndTime, Size: &m.Size, ManifestSHA256: m.SHA256, Store: p.store},
		// Whoever still asks for the operation that made it finds that it succeeded.
		Process: persistence.Process{CommandID: m.Operation, Command: "dbcalm-db-cmd backups rebuild",
			Output:    fmt.Sprintf("The record of backup '%s' was lost, and was recovered from its %s.\n", m.ID, store.ManifestName),
			StartTime: m.StartTime, EndTime: &m.EndTime, Type: persistence.TypeBackup, Args: args},
	}
}

// settle drops the findings about changes that were not made after all: what
// they were about has changed meanwhile.
func (p *rebuildPlan) settle(made, removed []string) {
	p.findings = slices.DeleteFunc(p.findings, func(f api.Finding) bool {
		return f.Done == api.DoneRecorded && !slices.Contains(made, f.Name) || f.Done == api.DoneUnrecorded && !slices.Contains(removed, f.Name)
	})
}

// madeHere reports whether the ledger knows that it has made a backup which lies
// in the store: by its manifest, which others may have written.
func (p *rebuildPlan) madeHere(id string) bool {
	f := p.byName[id]
	return f.Manifest != nil && p.made[f.Manifest.SHA256]
}

// folder is where a backup lies.
func (p *rebuildPlan) folder(id string) string { return filepath.Join(p.dir, id) }
