package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"

	"dbcalm-db-cmd/persistence"
)

// ManifestSum returns the SHA-256 of a manifest's text.
func ManifestSum(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// RecordedManifest reads the manifest of a recorded backup; fs.ErrNotExist if it has none.
// One that is not what was recorded is damage: whoever may write to the store may
// write another. A record that was deleted while an operation reads the backup
// leaves nothing to compare with.
func (s *Store) RecordedManifest(ctx context.Context, id string) (*Manifest, error) {
	record, err := s.Catalog.Backup(ctx, id)
	if errors.Is(err, persistence.ErrNotFound) {
		record, err = persistence.Backup{ID: id}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read manifest of backup '%s': %w", id, err)
	}
	return s.manifestOf(record)
}

func (s *Store) manifestOf(record persistence.Backup) (*Manifest, error) {
	m, err := ReadManifest(s.Folder(record.ID))
	switch known := record.ManifestSHA256; {
	case known == "":
	case errors.Is(err, fs.ErrNotExist):
		return nil, s.damaged(record.ID, persistence.LevelFiles, fmt.Errorf("its %s, which was recorded with it, is missing", ManifestName))
	case err == nil && m.SHA256 != known:
		return nil, s.damaged(record.ID, persistence.LevelFiles, wrongManifest(known, m.SHA256))
	}
	return m, err
}

// wrongManifest is the error of a manifest that has been changed or replaced.
func wrongManifest(known, found string) error {
	return fmt.Errorf("its %s is not the one that was recorded: its SHA-256 is %.12s… instead of %.12s…; bring the right one back", ManifestName, found, known)
}
