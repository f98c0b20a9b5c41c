package store

import (
	"errors"
	"io/fs"
	"strings"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/disk"
)

// Unrecorded returns the manifests, without their files, of the backups in the
// store that are not among the recorded ones. Folders without a manifest are
// not ours.
func (s *Store) Unrecorded(recorded []persistence.Backup) ([]Manifest, error) {
	entries, err := disk.ReadDir(s.BackupDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, b := range recorded {
		known[b.ID] = true
	}
	var lost []Manifest
	for _, e := range entries {
		if known[e.Name()] || !e.IsDir() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		// One that is being published or cannot be read is somebody else's news.
		if m, err := ReadManifest(s.Folder(e.Name())); err == nil && m.ID == e.Name() {
			m.Files, m.Folders = nil, nil
			lost = append(lost, *m)
		}
	}
	return lost, nil
}
