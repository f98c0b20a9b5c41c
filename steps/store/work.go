package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"dbcalm-db-cmd/steps/crashpoint"
	"dbcalm-db-cmd/steps/disk"
)

// partialName is the folder of the backup store in which work lies until it
// is published by a rename.
const partialName = ".partial"

// Folder returns the folder of a backup.
func (s *Store) Folder(id string) string { return filepath.Join(s.BackupDir, id) }

func (s *Store) PartialDir() string { return filepath.Join(s.BackupDir, partialName) }

// WorkFolder is the private folder of one attempt of an operation.
func (s *Store) WorkFolder(operation string, attempt int) string {
	return filepath.Join(s.PartialDir(), fmt.Sprintf("%s-%d", operation, attempt))
}

// BeforeFile is where an attempt that works in this folder keeps what the server
// had before the copy began, and AfterFile what is known of its tablespaces after
// it. They lie beside the folder, which is the backup's alone, and go with it.
func BeforeFile(work string) string { return work + ".before.json" }

// AfterFile is described with BeforeFile.
func AfterFile(work string) string { return work + ".after.json" }

// ObservedFile is where it keeps when the server's tables were changed, as it was
// before the copy, and CountedFile how many rows have been counted so far.
func ObservedFile(work string) string { return work + ".observed.json" }

// CountedFile is described with ObservedFile.
func CountedFile(work string) string { return work + ".counted.jsonl" }

// PackingFolder is where an attempt that works in this folder writes its files
// before they get their names: beside it, where no name of the server's is, and
// gone with it.
func PackingFolder(work string) string { return work + ".packing" }

// StageFolder is where an operation stages a chain that does not go into the
// data directory.
func (s *Store) StageFolder(operation string) string {
	return filepath.Join(s.PartialDir(), operation+"-stage")
}

// MakeWork makes the attempt's private folder, fresh: what earlier attempts
// of the operation left is removed first.
func (s *Store) MakeWork(operation string, attempt int) (string, error) {
	if err := s.held.again(s.BackupDir); err != nil {
		return "", err
	}
	if err := s.RemoveWork(operation); err != nil {
		return "", err
	}
	folder := s.WorkFolder(operation, attempt)
	for {
		// Another operation may remove it between the making and the look at it.
		if err := os.MkdirAll(s.PartialDir(), 0o700); errors.Is(err, fs.ErrExist) && removed(s.PartialDir()) {
			continue
		} else if err != nil {
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
		for _, parent := range []string{s.PartialDir(), s.BackupDir} {
			if err := disk.SyncDir(parent); err != nil {
				return "", fmt.Errorf("make work folder: %w", err)
			}
		}
		return folder, nil
	}
}

// RemoveWork removes an operation's private folders, and their parent when it
// was the last.
func (s *Store) RemoveWork(operation string) error {
	folders, err := s.workFolders(operation)
	if err != nil {
		return err
	}
	for _, folder := range folders {
		crashpoint.Here("work-before-removal")
		if err := disk.RemoveAll(folder); err != nil {
			return fmt.Errorf("remove work folder: %w", err)
		}
	}
	// It stays while another operation works in it.
	if err := os.Remove(s.PartialDir()); err == nil {
		return disk.SyncDir(s.BackupDir)
	}
	return nil
}

// workFolders lists the private folders of an operation.
func (s *Store) workFolders(operation string) ([]string, error) {
	entries, err := disk.ReadDir(s.PartialDir())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list work folders: %w", err)
	}
	var folders []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), operation+"-") {
			folders = append(folders, filepath.Join(s.PartialDir(), e.Name()))
		}
	}
	return folders, nil
}

// retiredName is what a backup's folder is called in the private folder of
// the operation that removes it.
const retiredName = "retired"

// Retire takes a backup's folder out of sight in one step, so that no half of
// it can be taken for a backup while it is removed.
func (s *Store) Retire(operation string, attempt int, id string) error {
	work, err := s.MakeWork(operation, attempt)
	if err != nil {
		return err
	}
	err = disk.RenameNew(s.Folder(id), filepath.Join(work, retiredName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("retire backup '%s': %w", id, err)
	}
	crashpoint.Here("retire-renamed")
	for _, folder := range []string{work, s.BackupDir} {
		if err := disk.SyncDir(folder); err != nil {
			return err
		}
	}
	return nil
}

// removed reports whether nothing is at a path, or a folder again: what was
// found there a moment ago has gone meanwhile.
func removed(path string) bool {
	info, err := os.Lstat(path)
	return errors.Is(err, fs.ErrNotExist) || err == nil && info.IsDir()
}

// Lock takes the store for this daemon alone. A store that is not there, its disk
// may not be mounted, is locked as soon as something is made in it. The error of
// one that another daemon has is a *disk.LockedError; of one that cannot be
// locked, disk.ErrNotLocked is told.
func (s *Store) Lock() error { return s.held.lock(s.BackupDir) }

// Unlock lets another daemon have the store. Calling it twice is fine.
func (s *Store) Unlock() { s.held.unlock() }
