package store

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/tool"
)

func (s *Store) ManifestOrNil(id string) *Manifest {
	m, err := ReadManifest(s.Folder(id))
	if err != nil {
		return nil
	}
	return m
}

// Promised returns the names that the tables and definitions of a link have
// once it is restored, in order.
func (l Link) Promised() ([]string, error) {
	c, err := l.Content()
	if err != nil {
		return nil, err
	}
	paths := make([]string, len(c.Files))
	marks := make(map[string]ManifestFile, len(c.Files))
	for i, f := range c.Files {
		paths[i] = f.Restored().Path
		marks[paths[i]] = f
	}
	restored, err := RestoredNames(paths, func(mark string) (string, error) { return l.newName(marks[mark], c) })
	if err != nil {
		return nil, err
	}
	var list []string
	for name := range restored {
		if _, promised := PromisedName(name); promised {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list, nil
}

// RestoredNames returns the names that the files of a backup have once it is
// restored. NewName returns the name that a mark gives to a table.
func RestoredNames(paths []string, newName func(mark string) (string, error)) (map[string]bool, error) {
	names := make(map[string]bool, len(paths))
	// A name that is given up may be taken by another table.
	var gone, taken []string
	for _, path := range paths {
		path = strings.TrimSuffix(path, ".delta")
		mark := filepath.Ext(path)
		table := strings.TrimSuffix(path, mark)
		switch mark {
		case tool.MarkDropped:
			gone = append(gone, table+".ibd")
		case tool.MarkRenamed:
			to, err := newName(path)
			if err != nil {
				return nil, err
			}
			gone, taken = append(gone, table+".ibd"), append(taken, to+".ibd")
		case tool.MarkCreated:
			taken = append(taken, table+".ibd")
		default:
			names[path] = true
		}
	}
	for _, name := range gone {
		delete(names, name)
	}
	for _, name := range taken {
		names[name] = true
	}
	return names, nil
}

// newName returns the name that a mark gives to a table. A mark is stored as it
// is, or kept in the list of what a stream holds.
func (l Link) newName(mark ManifestFile, c content) (string, error) {
	if !l.Streamed() {
		return tool.ReadRename(l.Folder, mark.Path)
	}
	to, kept := c.small[mark.Path]
	if !kept {
		return "", fmt.Errorf("backup '%s' is damaged: the list of what its stream holds lacks the new name in %s; use another chain",
			l.Manifest.ID, mark.Path)
	}
	return strings.TrimSpace(to), nil
}

// PromisedName returns the name a backup's file has once it is restored, and
// whether there must be one: tables and their definitions, in a database's
// folder, and MySQL's dictionary of them all.
func PromisedName(path string) (string, bool) {
	path = strings.TrimSuffix(path, ".delta")
	if !strings.Contains(path, string(filepath.Separator)) {
		if path == server.Dictionary {
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
