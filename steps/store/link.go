package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/tool"
)

// Link is one backup of a chain.
type Link struct {
	Record      persistence.Backup
	Folder      string
	Checkpoints tool.Checkpoints
	// Manifest is nil for a backup that an older program made.
	Manifest *Manifest
}

// Link reads a recorded backup from the store.
func (s *Store) Link(ctx context.Context, id string) (Link, error) {
	record, err := s.Catalog.Backup(ctx, id)
	if errors.Is(err, persistence.ErrNotFound) {
		return Link{}, fmt.Errorf("backup '%s' is not recorded", id)
	}
	if err != nil {
		return Link{}, err
	}
	return s.LinkAs(record)
}

// LinkAs reads a backup from the store that was recorded so, whether or not its
// record is still there.
func (s *Store) LinkAs(record persistence.Backup) (l Link, err error) {
	id := record.ID
	l = Link{Record: record, Folder: s.Folder(id)}
	if _, err := os.Stat(l.Folder); err != nil {
		err = fmt.Errorf("the folder of backup '%s' cannot be read: %w", id, err)
		if errors.Is(err, fs.ErrNotExist) {
			err = s.Damage(id, persistence.LevelFiles, err)
		}
		return l, err
	}
	if l.Checkpoints, err = tool.ReadCheckpoints(l.Folder); err != nil {
		if errors.Is(err, fs.ErrPermission) {
			return l, fmt.Errorf("check backup '%s': %w", id, err)
		}
		return l, s.damaged(id, persistence.LevelFiles, err)
	}
	l.Manifest, err = s.manifestOf(record)
	if errors.Is(err, fs.ErrNotExist) {
		return l, s.checkPlain(l)
	}
	if Malformed(err) {
		return l, s.damaged(id, persistence.LevelFiles, err)
	}
	if err != nil {
		return l, err
	}
	if l.Manifest.ID != id || l.Manifest.ParentID != record.FromBackupID {
		return l, s.Damage(id, persistence.LevelFiles,
			fmt.Errorf("the folder of backup '%s' holds backup '%s' on '%s'; the record says it stands on '%s'",
				id, l.Manifest.ID, l.Manifest.ParentID, record.FromBackupID))
	}
	return l, l.Manifest.checkFiles(l.Folder)
}

// Span returns the log sequence numbers a stored backup covers, or what is
// wrong with its folder.
func (s *Store) Span(id string) (from, to uint64, err error) {
	folder := s.Folder(id)
	there, err := disk.Exists(folder)
	if err != nil {
		return 0, 0, fmt.Errorf("its folder cannot be read: %w", err)
	}
	if !there {
		return 0, 0, fmt.Errorf("its folder %s is missing", folder)
	}
	c, err := tool.ReadCheckpoints(folder)
	return c.FromLSN, c.ToLSN, err
}

// Size returns how large what is restored of a link is.
func (l Link) Size() (disk.Size, error) {
	if m := l.Manifest; m != nil {
		// #nosec G115 -- a size is never negative
		size := disk.Size{Apparent: uint64(m.dataSize()), Allocated: uint64(m.dataSize())}
		if m.Allocated != 0 {
			// #nosec G115 -- a size is never negative
			size.Allocated = uint64(m.Allocated)
		}
		return size, nil
	}
	files, _, err := ListTree(l.Folder)
	if err != nil {
		return disk.Size{}, err
	}
	var size disk.Size
	for _, f := range files {
		data, err := disk.DataIn(l.Folder, f.Path)
		if err != nil {
			return size, err
		}
		// #nosec G115 -- a size is never negative
		size = size.Add(disk.Size{Apparent: uint64(f.Size), Allocated: uint64(data)})
	}
	return size, nil
}

// ServerVersion returns the version of the server that a link was taken of, as the
// tool wrote it down where an older program made the backup; empty where nothing
// tells.
func (l Link) ServerVersion() string {
	if l.Manifest != nil {
		return l.Manifest.Server.Version
	}
	values, err := tool.ReadMetadata(l.Folder, tool.InfoNames)
	if err != nil {
		return ""
	}
	return values["server_version"]
}

// CheckSum compares one file with its manifest.
func CheckSum(ctx context.Context, folder string, want ManifestFile) error {
	hash, err := disk.HashFile(ctx, folder, want.Path)
	if err == nil && hash != want.SHA256 {
		err = WrongSum(want)
	}
	return err
}

// Forwarded reports whether a link's stream lies elsewhere.
func (l Link) Forwarded() bool { return l.Streamed() && l.Manifest.Stream.Forwarded }

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
	return fmt.Errorf("its %s is not the one that was recorded: its SHA-256 is %.12s… instead of %.12s…; bring the right one back",
		ManifestName, found, known)
}
