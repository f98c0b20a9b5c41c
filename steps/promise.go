package steps

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"dbcalm-db-cmd/persistence"
)

// checkPromised checks that every table and definition of the last link is in
// the prepared folder.
func (h *Host) checkPromised(t Task, folder string) error {
	id := t.Args.IDList[len(t.Args.IDList)-1]
	names, err := Link{Folder: h.BackupFolder(id), Manifest: h.manifestOrNil(id)}.promised()
	if err != nil {
		return err
	}
	for _, name := range names {
		if there, err := exists(filepath.Join(folder, name)); err != nil || !there {
			return h.damage(id, persistence.LevelPrepare, fmt.Errorf("the restored data lacks %s of backup '%s': it was not put into place; use another chain (%w)", name, id, errOr(err, errDamaged)))
		}
	}
	return nil
}

func (h *Host) manifestOrNil(id string) *Manifest {
	m, err := ReadManifest(h.BackupFolder(id))
	if err != nil {
		return nil
	}
	return m
}

// The marks mariabackup leaves beside the tables that were dropped, renamed or
// created while it copied; it obeys them when it prepares. A .ren holds the
// new name, a .new is the table itself.
// https://mariadb.com/kb/en/files-created-by-mariabackup/
const (
	markDropped = ".del"
	markRenamed = ".ren"
	markCreated = ".new"
)

// promised returns the names that the tables and definitions of a link have
// once it is restored, in order.
func (l Link) promised() ([]string, error) {
	c, err := l.content()
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, f := range c.files {
		if name, promised := promisedName(f.restored().Path); promised {
			names[name] = true
		}
	}
	// A name that is given up may be taken by another table.
	var taken []string
	for _, f := range c.files {
		path := strings.TrimSuffix(f.restored().Path, ".delta")
		mark := filepath.Ext(path)
		table := strings.TrimSuffix(path, mark)
		switch mark {
		case markDropped:
			delete(names, table+".ibd")
		case markRenamed:
			delete(names, table+".ibd")
			to, err := l.newName(f, c)
			if err != nil {
				return nil, err
			}
			taken = append(taken, to+".ibd")
		case markCreated:
			taken = append(taken, table+".ibd")
		}
	}
	for _, name := range taken {
		names[name] = true
	}
	var list []string
	for name := range names {
		list = append(list, name)
	}
	slices.Sort(list)
	return list, nil
}

// newName returns the name that a mark gives to a table. A mark is stored as it
// is, or kept in the list of what a stream holds.
func (l Link) newName(mark ManifestFile, c content) (string, error) {
	if !l.streamed() {
		return readRename(filepath.Join(l.Folder, mark.Path))
	}
	to, kept := c.small[mark.Path]
	if !kept {
		return "", fmt.Errorf("backup '%s' is damaged: the list of what its stream holds lacks the new name in %s; use another chain", l.Manifest.ID, mark.Path)
	}
	return strings.TrimSpace(to), nil
}

// readRename returns the new name of a table that was renamed.
func readRename(mark string) (string, error) {
	to, err := os.ReadFile(mark)
	if err != nil {
		return "", fmt.Errorf("read the mark of a renamed table: %w", err)
	}
	return strings.TrimSpace(string(to)), nil
}

// promisedName returns the name a backup's file has once it is restored, and
// whether there must be one: tables and their definitions, in a database's
// folder, and MySQL's dictionary of them all.
func promisedName(path string) (string, bool) {
	path = strings.TrimSuffix(path, ".delta")
	if !strings.Contains(path, string(filepath.Separator)) {
		if path == dictionary {
			return path, true
		}
		return "", false
	}
	switch filepath.Ext(path) {
	case ".ibd", ".frm", ".MYD", ".MYI", ".MAD", ".MAI", ".CSV", ".opt", ".sdi", ".par":
		return path, true
	}
	return "", false
}
