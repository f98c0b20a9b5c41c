package catalogue

import (
	"maps"
	"slices"
	"strings"

	"dbcalm-db-cmd/machine/api"
)

// removeRows tells of records without a folder, and plans to remove those that
// no backup needs.
func (p *rebuildPlan) removeRows(prune bool) {
	// A child's verdict comes before its parent's row goes.
	removable := map[string]bool{}
	away := p.storeIsAway()
	var visit func(id string) bool
	visit = func(id string) bool {
		if can, known := removable[id]; known {
			return can
		}
		removable[id] = false
		var needing []string
		for _, child := range p.standingOn(id) {
			if p.recorded(child) && visit(child) {
				continue
			}
			needing = append(needing, child)
		}
		if !p.gone[id] || p.used[id] {
			return false
		}
		switch {
		case len(needing) > 0:
			p.tell(id, api.FoundNoFolder, "", "its folder %s is missing: bring it back; its record stays, because other backups stand on it: %s",
				p.folder(id), strings.Join(needing, ", "))
			return false
		case !prune && away:
			p.tell(id, api.FoundNoFolder, "", "its folder %s is missing, like those of all others: is the disk of backup_dir mounted?", p.folder(id))
		case !prune:
			p.tell(id, api.FoundNoFolder, "", "its folder %s is missing: bring it back, or dbcalm-db-cmd backups rebuild --prune removes the record",
				p.folder(id))
		default:
			p.changes.Gone = append(p.changes.Gone, p.rows[id])
			p.tell(id, api.FoundNoFolder, api.DoneUnrecorded, "its folder %s is missing", p.folder(id))
		}
		removable[id] = true
		return true
	}
	for _, id := range slices.Sorted(maps.Keys(p.gone)) {
		visit(id)
	}
}

// standingOn returns the backups that stand directly on one and are recorded
// or will be, in order.
func (p *rebuildPlan) standingOn(id string) []string {
	var ids []string
	for _, b := range p.rows {
		if b.FromBackupID == id {
			ids = append(ids, b.ID)
		}
	}
	for _, f := range p.changes.Found {
		if f.Backup.FromBackupID == id {
			ids = append(ids, f.Backup.ID)
		}
	}
	slices.Sort(ids)
	return ids
}
