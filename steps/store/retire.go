package store

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"dbcalm-db-cmd/steps/crashpoint"
	"dbcalm-db-cmd/steps/disk"
)

// retiredName is what a backup's folder is called in the private folder of
// the operation that removes it.
const retiredName = "retired"

// retire takes a backup's folder out of sight in one step, so that no half of
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
