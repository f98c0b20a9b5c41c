package steps

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"dbcalm-db-cmd/persistence"
	"dbcalm-db-cmd/steps/crashpoint"
)

// partialName is the folder of the backup store in which work lies until it
// is published by a rename.
const partialName = ".partial"

// BackupFolder returns the folder of a backup.
func (h *Host) BackupFolder(id string) string { return filepath.Join(h.BackupDir, id) }

func (h *Host) partialDir() string { return filepath.Join(h.BackupDir, partialName) }

// workFolder is the private folder of one attempt of an operation.
func (h *Host) workFolder(operation string, attempt int) string {
	return filepath.Join(h.partialDir(), fmt.Sprintf("%s-%d", operation, attempt))
}

// StageFolder is where an operation stages a chain that does not go into the
// data directory.
func (h *Host) StageFolder(operation string) string {
	return filepath.Join(h.partialDir(), operation+"-stage")
}

// makeWork makes the attempt's private folder, fresh: what earlier attempts
// of the operation left is removed first.
func (h *Host) makeWork(operation string, attempt int) (string, error) {
	if err := h.removeWork(operation); err != nil {
		return "", err
	}
	folder := h.workFolder(operation, attempt)
	for {
		if err := os.MkdirAll(h.partialDir(), 0o700); err != nil {
			return "", fmt.Errorf("make work folder: %w", err)
		}
		crashpoint.Here("work-before-folder")
		err := os.Mkdir(folder, 0o750)
		// Another operation that has ended may just have removed the empty parent.
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("make work folder: %w", err)
		}
		for _, parent := range []string{h.partialDir(), h.BackupDir} {
			if err := syncDir(parent); err != nil {
				return "", fmt.Errorf("make work folder: %w", err)
			}
		}
		return folder, nil
	}
}

// removeWork removes an operation's private folders, and their parent when it
// was the last.
func (h *Host) removeWork(operation string) error {
	folders, err := h.workFolders(operation)
	if err != nil {
		return err
	}
	for _, folder := range folders {
		crashpoint.Here("work-before-removal")
		if err := os.RemoveAll(folder); err != nil {
			return fmt.Errorf("remove work folder: %w", err)
		}
	}
	// It stays while another operation works in it.
	if err := os.Remove(h.partialDir()); err == nil {
		return syncDir(h.BackupDir)
	}
	return nil
}

// workFolders lists the private folders of an operation.
func (h *Host) workFolders(operation string) ([]string, error) {
	entries, err := os.ReadDir(h.partialDir())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list work folders: %w", err)
	}
	var folders []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), operation+"-") {
			folders = append(folders, filepath.Join(h.partialDir(), e.Name()))
		}
	}
	return folders, nil
}

// Link is one backup of a chain.
type Link struct {
	Record      persistence.Backup
	Folder      string
	Checkpoints Checkpoints
	// Manifest is nil for a backup that an older program made.
	Manifest *Manifest
}

// link reads a recorded backup from the store.
func (h *Host) link(ctx context.Context, id string) (Link, error) {
	record, err := h.catalog.Backup(ctx, id)
	if errors.Is(err, persistence.ErrNotFound) {
		return Link{}, fmt.Errorf("backup '%s' is not recorded", id)
	}
	if err != nil {
		return Link{}, err
	}
	l := Link{Record: record, Folder: h.BackupFolder(id)}
	if _, err := os.Stat(l.Folder); err != nil {
		err = fmt.Errorf("the folder of backup '%s' cannot be read: %w", id, err)
		if errors.Is(err, fs.ErrNotExist) {
			err = h.damage(id, persistence.LevelFiles, err)
		}
		return l, err
	}
	if l.Checkpoints, err = readCheckpoints(l.Folder); err != nil {
		if errors.Is(err, fs.ErrPermission) {
			return l, fmt.Errorf("check backup '%s': %w", id, err)
		}
		return l, h.damaged(id, persistence.LevelFiles, err)
	}
	l.Manifest, err = ReadManifest(l.Folder)
	if errors.Is(err, fs.ErrNotExist) {
		return l, h.checkPlain(l)
	}
	if malformed(err) {
		return l, h.damaged(id, persistence.LevelFiles, err)
	}
	if err != nil {
		return l, err
	}
	if l.Manifest.ID != id || l.Manifest.ParentID != record.FromBackupID {
		return l, h.damage(id, persistence.LevelFiles,
			fmt.Errorf("the folder of backup '%s' holds backup '%s' on '%s'; the record says it stands on '%s'", id, l.Manifest.ID, l.Manifest.ParentID, record.FromBackupID))
	}
	return l, l.Manifest.checkFiles(l.Folder)
}

// Span returns the log sequence numbers a stored backup covers, or what is
// wrong with its folder.
func (h *Host) Span(id string) (from, to uint64, err error) {
	folder := h.BackupFolder(id)
	there, err := exists(folder)
	if err != nil {
		return 0, 0, fmt.Errorf("its folder cannot be read: %w", err)
	}
	if !there {
		return 0, 0, fmt.Errorf("its folder %s is missing", folder)
	}
	c, err := readCheckpoints(folder)
	return c.FromLSN, c.ToLSN, err
}
