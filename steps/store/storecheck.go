package store

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/disk"
)

// CheckStore says what keeps backups from being taken into the store, or the
// given ones, those that are recorded, from being found there. A store that
// holds nothing yet need not be there: the first backup makes it.
func (s *Store) CheckStore(recorded []string) error {
	info, err := os.Stat(s.BackupDir)
	switch {
	case errors.Is(err, os.ErrNotExist) && len(recorded) == 0:
		return nil
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("backup_dir %s is missing, and %d backups are recorded: is its disk mounted?", s.BackupDir, len(recorded))
	case err != nil:
		return fmt.Errorf("look at backup_dir: %w: check its disk and who may enter the folders above it", err)
	case !info.IsDir():
		return fmt.Errorf("backup_dir %s is no folder: move away what is there, or correct backup_dir", s.BackupDir)
	}
	if err := unix.Access(s.BackupDir, unix.W_OK|unix.X_OK); err != nil {
		return fmt.Errorf("backup_dir %s cannot be written: %w: check its owner and mode, and that its disk is not mounted read-only",
			s.BackupDir, err)
	}
	for _, id := range recorded {
		if there, err := disk.Exists(s.Folder(id)); there || err != nil {
			return nil
		}
	}
	if len(recorded) > 0 {
		return fmt.Errorf("backup_dir %s holds none of the %d backups that are recorded: is its disk mounted?", s.BackupDir, len(recorded))
	}
	return nil
}
